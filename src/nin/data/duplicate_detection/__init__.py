"""Duplicate pictures: copies with the same bytes, near copies, and how they are reported.

`duplicates` finds both kinds, by `identical` and `near_copies`; `duplicate_report` describes them
in text, and `picture_sheet` shows them side by side.
"""
