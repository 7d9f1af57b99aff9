"""The course of exercises, as a table."""

from minigrad.exercises.course import list_lessons


def list_course(lang: str = "en") -> str:
    """Number, name and title of each exercise."""
    return f"```\n{list_lessons(lang)}\n```"
