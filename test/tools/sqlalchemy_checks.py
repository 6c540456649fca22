"""SQLAlchemy through the gateway: what it finds in the catalogs, and what its ORM sends."""

import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Session, relationship, selectinload

from checks import check, handover, hides, run, same


def engine(secret, host, port, user, database):
    url = sa.URL.create("postgresql+psycopg", user, secret, host, port, database, query={"sslmode": "disable"})
    return sa.create_engine(url, pool_pre_ping=True)


def through(token=None):
    return engine(token or handover.token, handover.host, handover.port, "agent", "shop")


def direct():
    d = handover.direct
    return engine(d["password"], d["host"], d["port"], d["user"], d["database"])


def found(inspector):
    """All that an Inspector can tell of the schemas, in an order of its own."""
    said = {"schemas": inspector.get_schema_names(), "enums": inspector.get_enums("*"), "domains": inspector.get_domains()}
    for schema in ["public", "warehouse"]:
        names = inspector.get_table_names(schema) + inspector.get_view_names(schema) + inspector.get_materialized_view_names(schema)
        said[schema] = {
            "names": names,
            "sequences": inspector.get_sequence_names(schema),
            "views": {name: inspector.get_view_definition(name, schema) for name in inspector.get_view_names(schema)},
            "sorted": inspector.get_sorted_table_and_fkc_names(schema),
        }
        for what in ["columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints", "table_comment"]:
            many = getattr(inspector, f"get_multi_{what}")(schema=schema, kind=sa.engine.reflection.ObjectKind.ANY)
            said[schema][what] = {str(key): value for key, value in many.items()}
    said["has"] = [inspector.has_table("customers"), inspector.has_table("nobody"), inspector.has_sequence("orders_id_seq"), inspector.has_schema("warehouse")]
    return repr(said)


@check("finds the same tables, columns, keys, indexes, views and types as without the gateway")
def _():
    same(found(sa.inspect(through())), found(sa.inspect(direct())))


@check("reflects every table and view, and reads them, masked")
def _():
    own = through()
    metadata = sa.MetaData()
    metadata.reflect(own, views=True)
    assert len(metadata.tables) >= 10, metadata.tables.keys()
    with own.connect() as connection:
        for table in metadata.sorted_tables:
            rows = connection.execute(sa.select(table)).all()
            hides(rows)
        customers = metadata.tables["customers"]
        emails = connection.execute(sa.select(customers.c.email).order_by(customers.c.id)).scalars().all()
        same(emails, ["[redacted]"] * 3)


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id = sa.Column(sa.Integer, primary_key=True)
    reference = sa.Column(sa.Uuid)
    name = sa.Column(sa.Text)
    email = sa.Column(sa.Text)
    ssn = sa.Column(sa.CHAR(11))
    tags = sa.Column(sa.ARRAY(sa.Text), server_default="{}")
    signed_up_at = sa.Column(sa.DateTime(timezone=True), server_default=sa.func.now())
    orders = relationship("Order", back_populates="customer")


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    customer_id = sa.Column(sa.ForeignKey("customers.id"))
    status = sa.Column(sa.Enum("new", "paid", "shipped", "delivered", "cancelled", "refunded", name="order_status"), server_default="new")
    placed_at = sa.Column(sa.DateTime(timezone=True), server_default=sa.func.now())
    note = sa.Column(sa.Text)
    customer = relationship("Customer", back_populates="orders")


@check("selects entities with their relations, masked")
def _():
    with Session(through()) as session:
        customers = session.scalars(sa.select(Customer).options(selectinload(Customer.orders)).order_by(Customer.id)).all()
        same([(c.id, c.email, len(c.orders)) for c in customers], [(1, "[redacted]", 2), (2, "[redacted]", 1), (3, "[redacted]", 0)])
        hides([(c.email, c.ssn, c.name) for c in customers])
        joined = session.execute(sa.select(Order, Customer.email).join(Customer).where(Order.status == "paid")).all()
        same([(order.id, email) for order, email in joined], [(2, "[redacted]")])
        counted = sa.select(Order.status, sa.func.count()).group_by(Order.status).having(sa.func.count() > 0)
        same(len(session.execute(counted).all()), 3)
        newest = sa.select(sa.func.row_number().over(partition_by=Order.customer_id, order_by=Order.placed_at.desc()))
        same(len(session.scalars(newest).all()), 3)
        exists = sa.select(Customer.id).where(Customer.orders.any(Order.status == "cancelled"))
        same(session.scalars(exists).all(), [2])
        paged = sa.select(Customer.id).where(Customer.id.in_([1, 2, 3])).order_by(Customer.id).limit(1).offset(1)
        same(session.scalars(paged).all(), [2])


@check("inserts, updates and deletes with RETURNING, in transactions and savepoints")
def _():
    with Session(through(handover.writer)) as session:
        orders = [Order(customer_id=1, note="one"), Order(customer_id=2, note="two")]
        session.add_all(orders)
        session.flush()
        assert all(order.id and order.placed_at and order.status == "new" for order in orders)
        orders[0].status = "paid"
        session.flush()
        with session.begin_nested():
            session.delete(orders[1])
            session.flush()
        customer = Customer(reference=__import__("uuid").uuid4(), name="New", email="new@mail.example")
        session.add(customer)
        session.flush()
        session.refresh(customer)
        same(customer.email, "[redacted]")
        stated = sa.update(Customer).where(Customer.id == 1).values(tags=["seen"]).returning(Customer.email, Customer.tags)
        same(session.execute(stated).all(), [("[redacted]", ["seen"])])
        upsert = sa.dialects.postgresql.insert(Order).values(id=orders[0].id, customer_id=1)
        upsert = upsert.on_conflict_do_update(index_elements=["id"], set_={"note": upsert.excluded.note}).returning(Order.id)
        same(session.scalars(upsert).one(), orders[0].id)
        session.rollback()


@check("is told by the driver why a masked column does not filter, and goes on")
def _():
    with Session(through()) as session:
        try:
            session.scalars(sa.select(Customer).where(Customer.ssn == "x")).all()
            raise AssertionError("it was answered")
        except sa.exc.DBAPIError as error:
            assert "gatehouse: " in str(error), error
        session.rollback()
        same(session.scalar(sa.select(sa.func.count()).select_from(Customer)), 3)


import sqlalchemy.dialects.postgresql  # noqa: E402  for sa.dialects.postgresql

run()
