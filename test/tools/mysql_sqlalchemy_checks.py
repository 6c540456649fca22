"""SQLAlchemy on PyMySQL through the gateway: what it finds of the schema, what its ORM sends, and the tables that it makes."""

import uuid

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import insert
from sqlalchemy.orm import DeclarativeBase, Session, relationship, selectinload

from checks import check, handover, hides, run, same
from mysql_ways import received_nothing_hidden, tls


def through(token=None):
    url = sa.URL.create("mysql+pymysql", "agent", token or handover.token, handover.host, handover.port, handover.direct["database"])
    return sa.create_engine(url, pool_pre_ping=True, connect_args=tls())


def direct():
    d = handover.direct
    return sa.create_engine(sa.URL.create("mysql+pymysql", d["user"], d["password"], d["host"], d["port"], d["database"]))


def refused(action):
    try:
        action()
    except sa.exc.DBAPIError as error:
        assert "gatehouse: " in str(error), error
        return
    raise AssertionError("it was answered")


def found(inspector):
    """All that an Inspector can tell of the schema."""
    views = inspector.get_view_names()
    said = {
        "tables": inspector.get_table_names(),
        "views": {name: inspector.get_view_definition(name) for name in views},
        "sorted": inspector.get_sorted_table_and_fkc_names(),
        "has": [inspector.has_table("customers"), inspector.has_table("nobody"), inspector.has_index("orders", "customer_id")],
    }
    for what in ["columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints", "table_comment", "table_options"]:
        many = getattr(inspector, f"get_multi_{what}")()
        said[what] = {str(key): value for key, value in many.items()}
    return repr(said)


@check("finds the same tables, columns, keys, indexes, checks and views as without the gateway")
def _():
    seen = found(sa.inspect(through()))
    assert "order_items" in seen and "People who buy" in seen, seen
    same(seen, found(sa.inspect(direct())))


@check("reflects every table and view, and reads them, masked")
def _():
    own = through()
    metadata = sa.MetaData()
    metadata.reflect(own, views=True)
    assert len(metadata.tables) >= 10, metadata.tables.keys()
    with own.connect() as connection:
        for table in metadata.sorted_tables:
            hides(connection.execute(sa.select(table)).all())
        customers = metadata.tables["customers"]
        emails = connection.execute(sa.select(customers.c.email).order_by(customers.c.id)).scalars().all()
        same(emails, ["[redacted]"] * 3)


class Base(DeclarativeBase):
    pass


class Customer(Base):
    __tablename__ = "customers"
    id = sa.Column(sa.Integer, primary_key=True)
    reference = sa.Column(sa.CHAR(36), default=lambda: str(uuid.uuid4()))
    name = sa.Column(sa.String(100))
    email = sa.Column(sa.String(190))
    ssn = sa.Column(sa.CHAR(11))
    tags = sa.Column(sa.JSON, default=list)
    preferences = sa.Column(sa.JSON, default=dict)
    orders = relationship("Order", back_populates="customer")


class Order(Base):
    __tablename__ = "orders"
    id = sa.Column(sa.BigInteger, primary_key=True)
    customer_id = sa.Column(sa.ForeignKey("customers.id"))
    status = sa.Column(sa.Enum("new", "paid", "shipped", "delivered", "cancelled", "refunded"), server_default="new")
    placed_at = sa.Column(sa.DateTime, server_default=sa.func.now())
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
        same(session.scalars(sa.select(Customer.id).where(Customer.email == "carl@mail.example")).all(), [3])


@check("inserts, updates and deletes, in transactions and savepoints")
def _():
    engine = through(handover.writer)
    with Session(engine) as session:
        orders = [Order(customer_id=1, note="one"), Order(customer_id=2, note="two")]
        session.add_all(orders)
        session.flush()
        assert all(order.id and order.placed_at and order.status == "new" for order in orders)
        orders[0].status = "paid"
        session.flush()
        with session.begin_nested():
            session.delete(orders[1])
            session.flush()
        customer = Customer(name="New", email="new@mail.example")
        session.add(customer)
        session.flush()
        session.refresh(customer)
        same(customer.email, "[redacted]")
        same(session.execute(sa.update(Customer).where(Customer.id == 1).values(tags=["seen"])).rowcount, 1)
        upsert = insert(Order).values(id=orders[0].id, customer_id=1, note="three")
        session.execute(upsert.on_duplicate_key_update(note=upsert.inserted.note))
        session.refresh(orders[0], with_for_update=True)
        same((orders[0].note, orders[0].status), ("three", "paid"))
        refused(lambda: session.scalars(sa.select(Customer.id).order_by(Customer.ssn)).all())
        same(session.scalar(sa.select(sa.func.count()).select_from(Order)), 4)
        session.rollback()
        same(session.scalar(sa.select(sa.func.count()).select_from(Order)), 3)
    levels = engine.execution_options(isolation_level="READ COMMITTED")
    with levels.connect() as connection:
        same(connection.scalar(sa.text("SELECT 1")), 1)


@check("makes its tables where the policy lets it, and is refused where not")
def _():
    metadata = sa.MetaData()
    shelves = sa.Table("alchemy_shelves", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("place", sa.String(20), index=True, unique=True))
    sa.Table("alchemy_boxes", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("shelf", sa.ForeignKey(shelves.c.id)))
    refused(lambda: metadata.create_all(through(handover.writer)))
    engine = through(handover.migrator)
    metadata.create_all(engine)
    metadata.create_all(engine)
    with engine.begin() as connection:
        same(connection.execute(shelves.insert(), [{"place": "a"}, {"place": "b"}]).rowcount, 2)
        same(connection.scalars(sa.select(shelves.c.place).order_by(shelves.c.id)).all(), ["a", "b"])
    metadata.drop_all(engine)
    same(sa.inspect(engine).has_table("alchemy_boxes"), False)


@check("is told by the driver why a masked column does not filter and no table is dropped, and goes on")
def _():
    with Session(through()) as session:
        refused(lambda: session.scalars(sa.select(Customer).where(Customer.ssn == "x")).all())
        refused(lambda: session.execute(sa.schema.DropTable(Order.__table__)))
        same(session.scalar(sa.select(sa.func.count()).select_from(Customer)), 3)


check("was given no masked value, in any byte")(received_nothing_hidden)

run()
