"""Certificates as PDF files, and the proofs that are attached to them."""
