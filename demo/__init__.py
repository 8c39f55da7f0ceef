"""The whole product on one machine with made-up people: ``make run``. For trying out and developing, never production.

Standard library only; everything of ours is started as a process of its own, just as an operator would.
"""
