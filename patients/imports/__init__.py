"""Taking over patients from another system's CSV file: read, understood, judged row by row, written in batches."""
