"""A study's record as files for people and other programs: reports, tables of numbers, curves.

`report` turns a record into sections once; `markdown` and `html` write them down. The other formats carry the numbers
themselves. `formats` lists them all, `saving` puts what they make on the disk.
"""
