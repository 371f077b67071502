"""The second step of signing in: who must have one, how its secrets are kept, and how a lost one is taken away."""
