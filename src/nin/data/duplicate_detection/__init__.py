"""The same picture twice: copies with the same bytes, near copies, and how they are reported.

`duplicates` finds both kinds, by `identical` and `near_copies`; `duplicate_report` lists them in
words and `picture_sheet` shows them side by side.
"""
