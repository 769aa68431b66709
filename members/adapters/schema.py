"""Operations of migrations, for every room."""

from django.db import migrations
from django.db.migrations.operations.base import Operation


class CreateModels(Operation):
    """Creates several tables at once.

    Django draws every model that is linked with a new one again for each single `CreateModel`: with some two hundred
    linked models an empty database took half a minute of nothing else. Here the state is drawn once, after all of them.

    Args:
        operations: `CreateModel` operations, each after those it refers to.
    """

    def __init__(self, operations: list[migrations.CreateModel]):
        self.operations = operations

    def state_forwards(self, app_label, state):
        state.__dict__.pop("apps", None)
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label, schema_editor, from_state, to_state):
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label, schema_editor, from_state, to_state):
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def references_model(self, name, app_label):
        return any(operation.references_model(name, app_label) for operation in self.operations)

    def describe(self):
        return f"Create {len(self.operations)} models"
