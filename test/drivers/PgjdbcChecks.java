import java.io.ByteArrayOutputStream;
import java.io.PrintWriter;
import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.Array;
import java.sql.BatchUpdateException;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Scanner;
import java.util.UUID;
import org.postgresql.PGConnection;
import org.postgresql.PGNotification;
import org.postgresql.util.PGobject;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/** pgjdbc through the gateway: named checks, one line of JSON each. The hand-over comes as lines of name, tab, base64. */
public class PgjdbcChecks {
  static final Map<String, String> handover = new HashMap<>();

  interface Body {
    void run() throws Exception;
  }

  interface Action {
    void run() throws SQLException;
  }

  static void check(String promise, Body body) {
    String detail = "";
    try {
      body.run();
    } catch (Throwable error) {
      StringWriter trace = new StringWriter();
      error.printStackTrace(new PrintWriter(trace));
      detail = trace.toString().lines().limit(12).reduce("", (a, b) -> a + b + "\n");
    }
    System.out.println("{\"check\":" + json(promise) + ",\"ok\":" + detail.isEmpty() + ",\"detail\":" + json(detail) + "}");
    System.out.flush();
  }

  static String json(String text) {
    StringBuilder out = new StringBuilder("\"");
    for (char c : text.toCharArray()) {
      if (c == '"' || c == '\\') out.append('\\').append(c);
      else if (c < ' ' || c > '~') out.append(String.format("\\u%04x", (int) c));
      else out.append(c);
    }
    return out.append('"').toString();
  }

  static void same(Object found, Object wanted) {
    if (!Objects.deepEquals(found, wanted)) {
      throw new AssertionError("found " + shown(found) + ", wanted " + shown(wanted));
    }
  }

  static String shown(Object value) {
    return value instanceof Object[] ? Arrays.deepToString((Object[]) value) : String.valueOf(value);
  }

  static void holds(boolean fact, String what) {
    if (!fact) throw new AssertionError(what);
  }

  static Connection connect(String target, String... more) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", "agent");
    properties.setProperty("password", handover.get("token"));
    properties.setProperty("sslmode", "disable");
    properties.setProperty("loginTimeout", "10");
    properties.setProperty("host", handover.get("host"));
    for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
    String host = properties.getProperty("host");
    properties.remove("host");
    return DriverManager.getConnection("jdbc:postgresql://" + host + ":" + handover.get("port") + "/" + target, properties);
  }

  static Connection direct(String... more) throws SQLException {
    Properties properties = new Properties();
    properties.setProperty("user", handover.get("direct.user"));
    properties.setProperty("password", handover.get("direct.password"));
    for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
    String url = handover.get("direct.host") + ":" + handover.get("direct.port") + "/" + handover.get("direct.database");
    return DriverManager.getConnection("jdbc:postgresql://" + url, properties);
  }

  static final String[] BINARY = {"binaryTransfer", "true", "prepareThreshold", "-1"};
  static final String[] TEXT = {"binaryTransfer", "false"};

  /** Rows as the driver's own objects; arrays and PGobjects as text, bytes as hex. */
  static List<List<Object>> rows(ResultSet results) throws SQLException {
    ResultSetMetaData about = results.getMetaData();
    List<List<Object>> rows = new ArrayList<>();
    while (results.next()) {
      List<Object> row = new ArrayList<>();
      for (int i = 1; i <= about.getColumnCount(); i++) {
        Object value = results.getObject(i);
        if (value instanceof byte[]) value = Arrays.toString((byte[]) value);
        else if (value instanceof Array) value = value.toString();
        else if (value instanceof PGobject) value = ((PGobject) value).getType() + " " + ((PGobject) value).getValue();
        row.add(value);
      }
      rows.add(row);
    }
    return rows;
  }

  static List<List<Object>> query(Connection c, String text, Object... parameters) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(text)) {
      for (int i = 0; i < parameters.length; i++) s.setObject(i + 1, parameters[i]);
      return rows(s.executeQuery());
    }
  }

  static int update(Connection c, String text) throws SQLException {
    try (Statement s = c.createStatement()) {
      return s.executeUpdate(text);
    }
  }

  static void execute(Connection c, String text) throws SQLException {
    try (Statement s = c.createStatement()) {
      s.execute(text);
    }
  }

  static Object one(Connection c, String text, Object... parameters) throws SQLException {
    return query(c, text, parameters).get(0).get(0);
  }

  /** The refusal that the action must meet, whole. Returns its DETAIL. */
  static String refused(Action action) {
    try {
      action.run();
    } catch (SQLException error) {
      return refusal(error);
    }
    throw new AssertionError("it was not refused");
  }

  static String refusal(SQLException error) {
    SQLException cause = error instanceof BatchUpdateException ? error.getNextException() : error;
    holds(cause instanceof PSQLException, "not an error of the server: " + error);
    ServerErrorMessage said = ((PSQLException) cause).getServerErrorMessage();
    holds(said != null, "the driver's own error: " + error);
    same(said.getSQLState(), "42501");
    holds(said.getMessage().startsWith("gatehouse: "), said.getMessage());
    String detail = said.getDetail();
    for (String field : List.of("\"code\":", "\"rule\":", "\"object\":")) holds(detail.contains(field), detail);
    holds(said.getHint() != null && !said.getHint().isEmpty(), "no hint");
    return detail;
  }

  static void fails(Action action, String sqlstate) {
    try {
      action.run();
    } catch (SQLException error) {
      same(error.getSQLState(), sqlstate);
      return;
    }
    throw new AssertionError("it did not fail");
  }

  static void hides(Object value) {
    for (String piece : handover.get("hidden").split("\n")) {
      holds(!String.valueOf(value).contains(piece), piece + " was shown");
    }
  }

  public static void main(String[] arguments) {
    try (Scanner in = new Scanner(System.in)) {
      while (in.hasNextLine()) {
        String[] parts = in.nextLine().split("\t", 2);
        handover.put(parts[0], new String(Base64.getDecoder().decode(parts[1]), StandardCharsets.UTF_8));
      }
    }
    logins();
    reading();
    transactions();
    refusals();
    masks();
    copies();
    limits();
    System.exit(0);
  }

  static void logins() {
    check("logs in with the token as password and reads", () -> {
      try (Connection c = connect("shop")) {
        same(query(c, "SELECT item, amount FROM orders ORDER BY id"),
            List.of(List.of("loom", new BigDecimal("12.50")), List.of("cards", new BigDecimal("0.99"))));
      }
    });
    check("logs in over TLS with the certificate verified in full", () -> {
      try (Connection c = connect("shop", "host", "localhost", "sslmode", "verify-full", "sslrootcert", handover.get("caFile"))) {
        same(one(c, "SELECT 1"), 1);
      }
    });
    check("is told when the token is wrong", () -> {
      try (Connection c = connect("shop", "password", "not a token")) {
        throw new AssertionError("let in");
      } catch (PSQLException error) {
        same(error.getSQLState(), "28P01");
        holds(error.getMessage().contains("gatehouse:"), error.getMessage());
      }
    });
    check("takes the target behind a plus in the user name", () -> {
      try (Connection c = connect("another", "user", "agent+plain")) {
        same(one(c, "SELECT ssn FROM people WHERE id = 1"), "123-45-6789");
      }
    });
    check("works on two targets at once", () -> {
      try (Connection one = connect("shop"); Connection two = connect("plain15")) {
        same(one(one, "SELECT ssn FROM people WHERE id = 1"), "*******6789");
        same(one(two, "SELECT ssn FROM people WHERE id = 1"), "123-45-6789");
      }
    });
    check("works in each of its query modes", () -> {
      for (String mode : List.of("simple", "extended", "extendedForPrepared", "extendedCacheEverything")) {
        try (Connection c = connect("shop", "preferQueryMode", mode)) {
          for (int i = 1; i <= 8; i++) same(query(c, "SELECT line, who FROM log WHERE id = ?", i), List.of(List.of("line " + i, "[redacted]")));
        }
      }
    });
  }

  static void reading() {
    check("gets the same rows as without the gateway, in text and binary", () -> {
      for (String[] format : List.of(TEXT, BINARY)) {
        try (Connection through = connect("plain", format); Connection without = direct(format)) {
          for (String text : List.of("SELECT * FROM kinds ORDER BY id", "SELECT * FROM people ORDER BY id")) {
            same(query(through, text), query(without, text));
          }
        }
      }
    });
    check("carries parameters of many types, in text and binary", () -> {
      Object[] values = {-7, Long.MIN_VALUE, 0.1, "it's \"so\" \uD83D\uDEAA", true, new BigDecimal("12345678901234567890.123456789"),
          LocalDate.of(2024, 2, 29), UUID.fromString("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11")};
      Class<?>[] classes = {Integer.class, Long.class, Double.class, String.class, Boolean.class, BigDecimal.class, LocalDate.class, UUID.class};
      for (String[] format : List.of(TEXT, BINARY)) {
        try (Connection c = connect("shop", format);
            PreparedStatement s = c.prepareStatement("SELECT ?::int4, ?::int8, ?::float8, ?::text, ?::bool, ?::numeric, ?::date, ?::uuid, ?::bytea, ?::timestamptz, ?::int4[], ?::text")) {
          for (int run = 0; run < 3; run++) {
            for (int i = 0; i < values.length; i++) s.setObject(i + 1, values[i]);
            s.setBytes(9, new byte[] {0, -1, 16});
            s.setObject(10, OffsetDateTime.parse("2024-02-29T12:34:56.789Z"));
            s.setArray(11, c.createArrayOf("int4", new Integer[] {1, null, 3}));
            s.setNull(12, Types.VARCHAR);
            ResultSet r = s.executeQuery();
            r.next();
            for (int i = 0; i < values.length; i++) same(r.getObject(i + 1, classes[i]), values[i]);
            same(r.getBytes(9), new byte[] {0, -1, 16});
            same(r.getObject(10, OffsetDateTime.class).toInstant(), OffsetDateTime.parse("2024-02-29T12:34:56.789Z").toInstant());
            same(r.getArray(11).getArray(), new Integer[] {1, null, 3});
            same(r.getObject(12), null);
          }
        }
      }
    });
    check("prepares a statement on the server after some runs, and goes on with it", () -> {
      try (Connection c = connect("shop", "prepareThreshold", "3"); PreparedStatement s = c.prepareStatement("SELECT id, line, who FROM log WHERE id = ?")) {
        for (int i = 1; i <= 20; i++) {
          s.setInt(1, i);
          same(rows(s.executeQuery()), List.of(List.of(i, "line " + i, "[redacted]")));
        }
      }
    });
    check("describes parameters and columns", () -> {
      try (Connection c = connect("shop"); PreparedStatement s = c.prepareStatement("SELECT id, ssn FROM people WHERE id = ?::int")) {
        same(s.getParameterMetaData().getParameterType(1), Types.INTEGER);
        same(s.getMetaData().getColumnName(2), "ssn");
      }
    });
    check("reads the catalog as DatabaseMetaData", () -> {
      try (Connection c = connect("shop")) {
        List<Object> columns = new ArrayList<>();
        ResultSet r = c.getMetaData().getColumns(null, "public", "orders", "%");
        while (r.next()) columns.add(r.getString("COLUMN_NAME") + " " + r.getString("TYPE_NAME"));
        same(columns, List.of("id int4", "person_id int4", "item text", "amount numeric"));
        List<Object> tables = new ArrayList<>();
        r = c.getMetaData().getTables(null, "public", "%", new String[] {"TABLE"});
        while (r.next()) tables.add(r.getString("TABLE_NAME"));
        same(tables, List.of("documents", "kinds", "log", "orders", "people"));
        r = c.getMetaData().getPrimaryKeys(null, "public", "orders");
        holds(r.next(), "no primary key");
        same(r.getString("COLUMN_NAME"), "id");
        r = c.getMetaData().getImportedKeys(null, "public", "orders");
        holds(r.next(), "no foreign key");
        same(r.getString("PKTABLE_NAME"), "people");
        r = c.getMetaData().getIndexInfo(null, "public", "orders", false, false);
        holds(r.next(), "no index");
      }
    });
    check("reads with a fetch size: a portal row by row, masked, in text and binary", () -> {
      for (String[] format : List.of(TEXT, BINARY)) {
        try (Connection c = connect("shop", format)) {
          c.setAutoCommit(false);
          try (PreparedStatement s = c.prepareStatement("SELECT id, who FROM log WHERE id <= ? ORDER BY id")) {
            s.setFetchSize(100);
            s.setInt(1, 1000);
            List<List<Object>> found = rows(s.executeQuery());
            same(found.size(), 1000);
            for (int i = 1; i <= 1000; i++) same(found.get(i - 1), List.of(i, "[redacted]"));
          }
          c.commit();
        }
      }
    });
    check("reads 100,000 rows, masked", () -> {
      try (Connection c = connect("shop", BINARY); Statement s = c.createStatement()) {
        ResultSet r = s.executeQuery("SELECT id, line, who FROM log ORDER BY id");
        int count = 0;
        while (r.next()) {
          count++;
          same(r.getInt(1), count);
          same(r.getString(3), "[redacted]");
        }
        same(count, 100_000);
      }
    });
    check("writes and reads one value of 20 MiB", () -> {
      String body = "\u00e4".repeat(10 * 1024 * 1024);
      try (Connection c = connect("shop"); PreparedStatement s = c.prepareStatement("INSERT INTO documents VALUES (1, ?)")) {
        s.setString(1, body);
        same(s.executeUpdate(), 1);
        holds(body.equals(one(c, "DELETE FROM documents WHERE id = 1 RETURNING body")), "another body");
      }
    });
  }

  static void transactions() {
    check("commits and rolls back transactions, and savepoints within", () -> {
      try (Connection c = connect("shop")) {
        c.setAutoCommit(false);
        update(c, "INSERT INTO orders VALUES (1200, 2, 'kept', 1)");
        Savepoint s = c.setSavepoint();
        update(c, "INSERT INTO orders VALUES (1201, 2, 'lost', 1)");
        c.rollback(s);
        c.commit();
        update(c, "INSERT INTO orders VALUES (1202, 2, 'lost', 1)");
        c.rollback();
        same(query(c, "DELETE FROM orders WHERE person_id = 2 RETURNING id"), List.of(List.of(1200)));
        c.commit();
      }
    });
    check("goes on after a refusal within a transaction, once rolled back", () -> {
      for (String mode : List.of("simple", "extended")) {
        try (Connection c = connect("shop", "preferQueryMode", mode)) {
          c.setAutoCommit(false);
          update(c, "INSERT INTO orders VALUES (1300, 2, 'undone', 1)");
          refused(() -> update(c, "DROP TABLE orders"));
          fails(() -> query(c, "SELECT 1"), "25P02");
          c.rollback();
          same(one(c, "SELECT count(*) FROM orders WHERE id = 1300"), 0L);
        }
      }
    });
    check("goes on by itself after a refusal with autosave", () -> {
      try (Connection c = connect("shop", "autosave", "always")) {
        c.setAutoCommit(false);
        update(c, "INSERT INTO orders VALUES (1310, 2, 'kept', 1)");
        refused(() -> update(c, "DROP TABLE orders"));
        same(update(c, "DELETE FROM orders WHERE id = 1310"), 1);
        c.commit();
      }
    });
    check("runs a batch", () -> {
      try (Connection c = connect("shop"); PreparedStatement s = c.prepareStatement("INSERT INTO orders VALUES (?, 2, ?, ?)")) {
        for (int i = 0; i < 500; i++) {
          s.setInt(1, 2000 + i);
          s.setString(2, "item " + i);
          s.setBigDecimal(3, BigDecimal.valueOf(i));
          s.addBatch();
        }
        same(Arrays.stream(s.executeBatch()).sum(), 500);
        same(update(c, "DELETE FROM orders WHERE id >= 2000"), 500);
      }
    });
    check("runs a batch with rewritten inserts", () -> {
      try (Connection c = connect("shop", "reWriteBatchedInserts", "true"); PreparedStatement s = c.prepareStatement("INSERT INTO orders VALUES (?, 2, 'x', 1)")) {
        for (int i = 0; i < 100; i++) {
          s.setInt(1, 2000 + i);
          s.addBatch();
        }
        s.executeBatch();
        same(update(c, "DELETE FROM orders WHERE id >= 2000"), 100);
      }
    });
    check("gets one error for a batch with a refused statement; the rest does not run, and the connection goes on", () -> {
      try (Connection c = connect("shop"); Statement s = c.createStatement()) {
        s.addBatch("INSERT INTO orders VALUES (2100, 2, 'before', 1)");
        s.addBatch("DROP TABLE orders");
        s.addBatch("INSERT INTO orders VALUES (2101, 2, 'after', 1)");
        refused(s::executeBatch);
        same(one(c, "SELECT count(*) FROM orders WHERE id = 2101"), 0L);
        update(c, "DELETE FROM orders WHERE id = 2100");
      }
    });
  }

  static void refusals() {
    check("is told who refused, why, and what to do instead", () -> {
      try (Connection c = connect("shop")) {
        String said = refused(() -> execute(c, "DROP TABLE orders"));
        holds(said.contains("\"DENIED_BY_RULE\"") && said.contains("\"never\""), said);
        holds(refused(() -> query(c, "SELECT id FROM people WHERE ssn = ?", "123-45-6789")).contains("MASKED_COLUMN_DECIDES"), "another code");
      }
    });
    check("is refused a script as a whole", () -> {
      for (String mode : List.of("simple", "extended")) {
        try (Connection c = connect("shop", "preferQueryMode", mode)) {
          refused(() -> execute(c, "DROP TABLE people; INSERT INTO orders VALUES (2200, 2, 'never', 1)"));
          same(one(c, "SELECT count(*) FROM orders WHERE id = 2200"), 0L);
        }
      }
    });
    check("gets the errors of the server unchanged where nothing is masked", () -> {
      try (Connection through = connect("plain"); Connection without = direct()) {
        for (String text : List.of("INSERT INTO orders VALUES (1, 1, 'twice', 1)", "INSERT INTO orders VALUES (7, 1, 'x', -1)",
            "INSERT INTO orders VALUES (7, 99, 'x', 1)", "SELECT * FROM nowhere")) {
          List<Object> said = new ArrayList<>();
          for (Connection c : List.of(through, without)) {
            try {
              execute(c, text);
            } catch (PSQLException error) {
              ServerErrorMessage m = error.getServerErrorMessage();
              said.add(Arrays.asList(m.getSeverity(), m.getSQLState(), m.getMessage(), m.getDetail(), m.getHint(), m.getPosition(),
                  m.getSchema(), m.getTable(), m.getColumn(), m.getConstraint(), m.getFile(), m.getLine(), m.getRoutine()));
            }
          }
          same(said.get(0), said.get(1));
        }
      }
    });
    check("gets notices and notifications where policy allows them", () -> {
      try (Connection c = connect("plain"); Connection other = direct(); Statement s = c.createStatement()) {
        s.execute("DO $$ BEGIN RAISE NOTICE 'hello %', 1; END $$");
        same(s.getWarnings().getMessage(), "hello 1");
        execute(c, "LISTEN doors");
        execute(other, "NOTIFY doors, 'open'");
        PGNotification[] heard = c.unwrap(PGConnection.class).getNotifications(5000);
        same(heard.length, 1);
        same(heard[0].getParameter(), "open");
      }
    });
    check("is refused LISTEN and NOTIFY where no rule allows them", () -> {
      try (Connection c = connect("shop")) {
        refused(() -> execute(c, "LISTEN doors"));
        refused(() -> execute(c, "NOTIFY doors, 'open'"));
      }
    });
  }

  static void masks() {
    for (String[] format : List.of(TEXT, BINARY)) {
      check("sees every masked column masked, in " + (format == TEXT ? "text" : "binary"), () -> {
        try (Connection through = connect("shop", format); Connection without = direct(format);
            PreparedStatement s = through.prepareStatement("SELECT * FROM people WHERE id = ?")) {
          List<List<Object>> masked = query(without, handover.get("masked"));
          for (int run = 0; run < 7; run++) {
            s.setInt(1, 1);
            List<List<Object>> found = rows(s.executeQuery());
            same(found, masked);
            hides(found);
          }
          s.setInt(1, 2);
          same(rows(s.executeQuery()).get(0).stream().filter(Objects::nonNull).count(), 2L);
        }
      });
    }
    check("cannot get at a masked value by other roads", () -> {
      try (Connection c = connect("shop")) {
        for (String text : List.of("SELECT upper(ssn) FROM people", "SELECT people FROM people", "SELECT to_jsonb(people) FROM people",
            "SELECT array_agg(ssn) FROM people", "SELECT row(ssn, email) FROM people")) {
          try {
            hides(query(c, text));
          } catch (PSQLException error) {
            hides(error.getServerErrorMessage());
          }
        }
      }
    });
    check("updates through a result set, and never sees what is masked", () -> {
      try (Connection c = connect("shop"); Statement s = c.createStatement(ResultSet.TYPE_SCROLL_INSENSITIVE, ResultSet.CONCUR_UPDATABLE)) {
        update(c, "INSERT INTO orders VALUES (2300, 2, 'old', 1)");
        ResultSet r = s.executeQuery("SELECT id, item FROM orders WHERE id = 2300");
        holds(r.next(), "no row");
        r.updateString("item", "new");
        r.updateRow();
        same(query(c, "DELETE FROM orders WHERE id = 2300 RETURNING item"), List.of(List.of("new")));
      }
    });
  }

  static void copies() {
    check("copies out and in", () -> {
      try (Connection c = connect("shop")) {
        PGConnection pg = c.unwrap(PGConnection.class);
        StringBuilder lines = new StringBuilder();
        for (int i = 0; i < 500; i++) lines.append(2400 + i).append("\t2\titem\t1.00\n");
        same(pg.getCopyAPI().copyIn("COPY orders FROM STDIN", new StringReader(lines.toString())), 500L);
        StringWriter out = new StringWriter();
        same(pg.getCopyAPI().copyOut("COPY (SELECT * FROM orders WHERE id >= 2400 ORDER BY id) TO STDOUT", out), 500L);
        same(out.toString(), lines.toString());
        same(update(c, "DELETE FROM orders WHERE id >= 2400"), 500);
      }
    });
    check("copies masked columns out, masked; is refused where they cannot be, and goes on", () -> {
      try (Connection c = connect("shop")) {
        PGConnection pg = c.unwrap(PGConnection.class);
        StringWriter csv = new StringWriter();
        same(pg.getCopyAPI().copyOut("COPY people (id, ssn, born, nick) TO STDOUT (FORMAT csv, HEADER)", csv), 2L);
        same(csv.toString(), "id,ssn,born,nick\n1,*******6789,1990-01-01,[redacte\n2,,,\n");
        ByteArrayOutputStream binary = new ByteArrayOutputStream();
        same(pg.getCopyAPI().copyOut("COPY (SELECT ssn FROM people WHERE id = 1) TO STDOUT (FORMAT BINARY)", binary), 1L);
        String bytes = binary.toString(java.nio.charset.StandardCharsets.ISO_8859_1);
        same(bytes.substring(19), "\0\1\0\0\0\u000b*******6789\u00ff\u00ff");
        ByteArrayOutputStream out = new ByteArrayOutputStream();
        String said = refused(() -> {
          try {
            pg.getCopyAPI().copyOut("COPY people TO STDOUT (NULL '123-45-6789')", out);
          } catch (java.io.IOException error) {
            throw new AssertionError(error);
          }
        });
        holds(said.contains("MASK_NOT_POSSIBLE"), said);
        same(one(c, "SELECT 1"), 1);
        same(out.size(), 0);
      }
    });
  }

  static void cancelled(Connection c, boolean byTimeout) throws Exception {
    try (c; Statement s = c.createStatement()) {
      long started = System.nanoTime();
      if (byTimeout) s.setQueryTimeout(1);
      else {
        Thread canceller = new Thread(() -> {
          try {
            Thread.sleep(200);
            s.cancel();
          } catch (Exception error) {
            error.printStackTrace();
          }
        });
        canceller.start();
      }
      fails(() -> s.executeQuery("SELECT pg_sleep(20)"), "57014");
      holds(System.nanoTime() - started < 5_000_000_000L, "too late");
      same(one(c, "SELECT 1"), 1);
    }
  }

  static void limits() {
    check("cancels a running statement", () -> cancelled(connect("plain"), false));
    check("cancels a running statement of a TLS connection", () ->
        cancelled(connect("plain", "host", "localhost", "sslmode", "verify-full", "sslrootcert", handover.get("caFile")), false));
    check("cancels by the driver's own query timeout", () -> cancelled(connect("plain"), true));
    check("keeps statement_timeout, from the connection and from SET", () -> {
      try (Connection c = connect("shop", "options", "-c statement_timeout=100"); Connection plain = connect("plain", "options", "-c statement_timeout=100")) {
        same(one(c, "SHOW statement_timeout"), "100ms");
        fails(() -> query(plain, "SELECT pg_sleep(20)"), "57014");
        execute(c, "SET statement_timeout = 50");
        same(one(c, "SHOW statement_timeout"), "50ms");
      }
    });
  }
}
