"""Equations and documents."""
