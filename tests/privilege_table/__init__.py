"""V-8 as a table: who may change what, through which entrance; each cell is tried and its outcome seen.

``cast`` is who tries, ``cells`` what a cell is and how one is judged; ``admin_forms``, ``functions``, ``scim`` and
``outside`` (sign-in, configuration file, API) are the rows of each entrance. ``python -m tests.privilege_table`` runs
them all and prints the counts.
"""
