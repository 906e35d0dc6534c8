"""The command line: parses options, runs one operation, prints one report.

A command is a function of its name in the module of its family; `main.py` lists them. A module's top
imports nothing heavy, because `--help` imports them all: a command imports what it needs.
"""
