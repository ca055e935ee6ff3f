"""Bounds of the GraphQL face, each with its reason. All are held before anything is executed."""

#: Characters of a document; GraphiQL's introspection has 2,000, the query of a whole screen 3,000.
MAX_DOCUMENT = 32_768
#: Tokens of a document: a screen has 400, and parsing costs 4 µs each.
MAX_TOKENS = 3_000
#: Levels of selections. An introspection has 13; the tree of MIME parts gets the rest.
MAX_DEPTH = 16
#: Fields after fragments are opened, where a document may double itself with each fragment.
MAX_FIELDS = 1_000
#: Names given to fields: a screen of ten mailboxes has 20. Validation compares fields of one name pair by pair.
MAX_ALIASES = 50
#: Pairs of fields of one name in one place, and of fragments spread there, in all definitions: validation compares each
#: pair and all below, at 100 µs where a page of rows is below. A screen made of thirty fragments has 600.
MAX_PAIRS = 2_000
#: Selections looked at while pairs are counted: fragments that nothing spreads may double with each level as well.
MAX_OPENED = 10_000
#: Directives; `@include` and `@skip` are all there are.
MAX_DIRECTIVES = 50
#: Variables of an operation.
MAX_VARIABLES = 100
#: Values in the variables, at any depth: a thousand ids and what is to be done with them. Reading each against its
#: type, and telling what is wrong with it, takes up to 20 µs.
MAX_VALUES = 3_000
#: Errors told of a document that is not valid.
MAX_ERRORS = 10
#: Ids of one `nodes`: each may be a message that has to be opened.
MAX_NODES = 50
#: Documents remembered with their checks, by text; clients send a few dozen. 20 kB each.
DOCUMENTS = 500
