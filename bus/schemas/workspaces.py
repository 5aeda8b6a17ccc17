"""Orders and answers about workspaces."""

from typing import Annotated

from pydantic import BaseModel, Field, StringConstraints, model_validator

from bus.schemas.base import Answer, Clean, Cursor, Limit, Order, Text64

ProjectRoot = Annotated[str, StringConstraints(min_length=1, max_length=4096), Clean]


class WorkspaceView(BaseModel):
    """A workspace as its members see it."""

    workspace: str
    alias: str | None = None
    git_remote: str | None = None
    path: str | None = Field(None, description="Operators only: where it is on the server's machine.")
    members: int = Field(description="Agents that belong to it.")


class WorkspaceList(Order):
    """Which page of the workspaces."""

    cursor: Cursor = None
    limit: Limit = 20


class Workspaces(Answer):
    """A page of workspaces, newest first."""

    workspaces: list[WorkspaceView]
    next_cursor: str | None = None


class WorkspaceResolve(Order):
    """What names the workspace: exactly one of the three."""

    project_root: ProjectRoot | None = Field(
        None, description="Absolute path on the server's machine, in the repository."
    )
    alias: Text64 | None = Field(None, description="Its short name.")
    git_remote: Annotated[str, StringConstraints(min_length=1, max_length=300), Clean] | None = Field(
        None, description="Its origin as host/owner/name."
    )

    @model_validator(mode="after")
    def _is_one(self) -> "WorkspaceResolve":
        if [self.project_root, self.alias, self.git_remote].count(None) != 2:
            raise ValueError("give exactly one of project_root, alias and git_remote")
        return self


class WorkspaceResolved(Answer, WorkspaceView):
    """The workspace that was meant."""
