"""Reading, identifying and ending processes and whole process trees."""
