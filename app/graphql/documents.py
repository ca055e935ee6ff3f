"""Documents as clients send them: parsed, measured, validated, and remembered by their text."""

from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from graphql import (
    ASTValidationRule,
    DocumentNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    parse,
    specified_rules,
    validate,
)

from app.domain.errors import InvalidRequest, MailhatchError
from app.graphql import limits
from app.graphql.measure import check_size


@dataclass(frozen=True, slots=True, eq=False)
class Document:
    """A document that may be executed, or the errors that forbid it."""

    node: DocumentNode | None
    operations: Mapping[str, OperationDefinitionNode]
    fragments: Mapping[str, FragmentDefinitionNode]
    errors: Sequence[GraphQLError]

    def operation(self, name: str | None) -> OperationDefinitionNode:
        """Choose the operation. Raises InvalidRequest when it is not there, or not the only one and not named."""
        if name is None:
            if len(self.operations) != 1:
                raise InvalidRequest("The document has several operations; `operationName` says which one is meant.")
            return next(iter(self.operations.values()))
        found = self.operations.get(name)
        if found is None:
            raise InvalidRequest("The document has no operation with this `operationName`.")
        return found


class Documents:
    """Prepares documents, the least used of them forgotten first."""

    def __init__(self, schema: GraphQLSchema, *, with_introspection: bool) -> None:
        """Take the schema, and whether clients may ask for it."""
        self._schema = schema
        self._rules: tuple[type[ASTValidationRule], ...] = tuple(specified_rules)
        if not with_introspection:
            self._rules = (*self._rules, NoSchemaIntrospectionCustomRule)
        self._known: OrderedDict[str, Document] = OrderedDict()

    def prepare(self, text: str) -> Document:
        """Parse and check a document, unless that was done before. Never raises."""
        known = self._known.get(text)
        if known is not None:
            self._known.move_to_end(text)
            return known
        made = self._made(text)
        if not made.errors:
            self._known[text] = made
            if len(self._known) > limits.DOCUMENTS:
                self._known.popitem(last=False)
        return made

    def _made(self, text: str) -> Document:
        try:
            if len(text) > limits.MAX_DOCUMENT:
                raise InvalidRequest(f"A document may have {limits.MAX_DOCUMENT} characters.")
            node = parse(text, max_tokens=limits.MAX_TOKENS)
            check_size(node)
        except GraphQLError as error:
            return Document(None, {}, {}, (error,))
        except MailhatchError as error:
            return Document(None, {}, {}, (GraphQLError(error.detail, original_error=error),))
        except RecursionError:
            return Document(None, {}, {}, (GraphQLError("The document is nested too deeply."),))
        errors = validate(self._schema, node, self._rules, max_errors=limits.MAX_ERRORS, hide_suggestions=True)
        if errors:
            return Document(None, {}, {}, errors)
        operations = {
            item.name.value if item.name else "": item
            for item in node.definitions
            if isinstance(item, OperationDefinitionNode)
        }
        fragments = {item.name.value: item for item in node.definitions if isinstance(item, FragmentDefinitionNode)}
        return Document(node, operations, fragments, ())
