"""Recognising ESCO skills in Finnish, Swedish and English text."""

from jod_pipelines.skills.recogniser import Recogniser, SkillRecogniser

__all__ = ["Recogniser", "SkillRecogniser"]
