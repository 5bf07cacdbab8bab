"""Attendance sheets as PDF files."""
