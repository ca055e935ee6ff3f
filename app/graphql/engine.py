"""From a document to an answer: prepared, measured, executed, and what it cost told."""

from collections.abc import Sequence
from dataclasses import dataclass
from inspect import isawaitable
from typing import Any

import strawberry
from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, OperationType

from app.domain.errors import InvalidRequest, MailhatchError
from app.graphql.asked import Asked
from app.graphql.context import Call
from app.graphql.cost import cost_of
from app.graphql.documents import Document, Documents
from app.graphql.errors import formatted
from app.graphql.executor import PlanningExecutor
from app.graphql.schema import core
from app.telemetry.trace import current_cost


@dataclass(frozen=True, slots=True)
class Answer:
    """`payload` is the JSON of the answer; `is_refused` when nothing was executed, so that there is no `data`."""

    payload: dict[str, Any]
    is_refused: bool = False


@dataclass(frozen=True, slots=True)
class Prepared:
    """A document ready to be executed, and which operation of it."""

    document: Document
    operation: OperationDefinitionNode

    @property
    def kind(self) -> OperationType:
        """Whether it is a query, a mutation or a subscription."""
        return self.operation.operation


class Refused(Exception):
    """The request cannot be executed; `answer` says why."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__()
        self.answer = Answer({"errors": [formatted(error) for error in errors]}, is_refused=True)

    @classmethod
    def because(cls, error: MailhatchError) -> "Refused":
        """Refuse with an error of ours."""
        return cls([GraphQLError(error.detail, original_error=error)])


class Engine:
    """Executes documents. Nothing but the executor sees a document that is not valid, or too dear."""

    def __init__(self, schema: strawberry.Schema, *, with_introspection: bool, max_cost: int) -> None:
        """Take the schema and the operator's bounds."""
        self._schema = core(schema)
        self._documents = Documents(self._schema, with_introspection=with_introspection)
        self._max_cost = max_cost

    def prepare(self, asked: Asked) -> Prepared:
        """Parse and check a document. Raises Refused."""
        document = self._documents.prepare(asked.query)
        if document.errors:
            raise Refused(document.errors)
        try:
            return Prepared(document, document.operation(asked.operation_name))
        except InvalidRequest as error:
            raise Refused.because(error) from None

    async def run(self, prepared: Prepared, asked: Asked, call: Call) -> Answer:
        """Execute a query or a mutation. Raises Refused for wrong variables, and when it could cost too much."""
        executor, cost = self._executor(prepared, asked, call)
        result = executor.execute_operation()
        if isawaitable(result):
            result = await result
        assert isinstance(result, ExecutionResult)
        payload: dict[str, Any] = {"data": result.data}
        if result.errors:
            payload["errors"] = [formatted(error) for error in result.errors]
        payload["extensions"] = self.spent(cost)
        return Answer(payload)

    def _executor(self, prepared: Prepared, asked: Asked, call: Call) -> tuple[PlanningExecutor, int]:
        assert prepared.document.node is not None
        executor = PlanningExecutor.build(
            self._schema,
            prepared.document.node,
            context_value=call,
            raw_variable_values=dict(asked.variables),
            operation_name=asked.operation_name,
            hide_suggestions=True,
        )
        if isinstance(executor, list):
            raise Refused(executor)
        assert isinstance(executor, PlanningExecutor)
        cost = cost_of(self._schema, prepared.operation, prepared.document.fragments, executor.variable_values.coerced)
        if cost > self._max_cost:
            raise Refused.because(
                InvalidRequest(f"The operation could cost {cost}; {self._max_cost} are allowed. Ask for smaller pages.")
            )
        return executor, cost

    def spent(self, cost: int) -> dict[str, Any]:
        """Tell what an operation cost at most, and what was asked of mail servers for it so far."""
        mail = current_cost()
        return {
            "cost": {"requested": cost, "limit": self._max_cost},
            "mail": {"roundTrips": mail.round_trips, "seconds": round(mail.mail, 6), "bytes": mail.bytes},
        }
