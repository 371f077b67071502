"""The demo clinic: invented people in every state a clinic knows, dated around the day it is loaded."""
