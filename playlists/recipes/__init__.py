"""Recipes: what a playlist is to hold, described once and kept."""
