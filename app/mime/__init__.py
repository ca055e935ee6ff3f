"""From bytes to domain values: charsets, headers, structure, body, safe HTML. Pure, bounded, never raising on input.

What cannot be read is told as a *defect*, a short snake_case name, beside the best reading there is.
"""
