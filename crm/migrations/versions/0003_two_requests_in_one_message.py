"""Two requests in one message: a message may open one ticket of each category

Revision: 0003
Follows: 0002
"""

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("ticket", schema=None) as batch_op:
        batch_op.drop_constraint("uq_ticket_source_message_id", type_="unique")
        batch_op.create_unique_constraint("uq_ticket_source_message_id_category", ["source_message_id", "category"])
