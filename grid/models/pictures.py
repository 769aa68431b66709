"""What wires and storages showed at a tick, kept so that any moment can be looked at again."""

from django.db import models

from grid.models.control import GridState


class GridPicture(models.Model):
    """The picture of a tick, packed (`grid.domain.network.picture`); deleted with it. Not every tick has one."""

    state = models.OneToOneField(GridState, models.CASCADE, primary_key=True, related_name="picture")
    order = models.CharField(max_length=12, help_text="Name of the order of nodes, branches and storages.")
    packed = models.BinaryField()

    def __str__(self) -> str:
        return f"picture of {self.state}"
