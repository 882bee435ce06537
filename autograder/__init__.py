"""What runs, builds, grades and reports: all that a teacher has and a student has not."""
