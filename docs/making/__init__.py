"""What the pages of the site show, made by the library when the site is built.

``showing`` puts pictures and code into a page, ``start`` makes what the first page shows, ``chapter`` what the chapter
does, from ``networks``, as ``equations``, ``figures`` and ``chapter_words``. A page asks for it by the
directive ``made`` of ``docs/_ext``.
"""
