"""Attendance: the fold, the timeline, the read model and the live page."""
