"""Trackers: what others' viewers follow a study by, written while it trains.

A study's events go to a `Feed` a tracker, which has a thread of its own and never holds the study. Trackers that write
files are called in that thread; those with a library of their own run in a process of their own (`child`), which may
print, hang or fail there.
"""
