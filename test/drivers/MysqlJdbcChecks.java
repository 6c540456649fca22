import java.io.PrintWriter;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.nio.charset.StandardCharsets;
import java.sql.CallableStatement;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.Scanner;

/** A JDBC driver of MySQL or MariaDB through the gateway: named checks, one line of JSON each. The hand-over comes as lines of name, tab, base64. */
public class MysqlJdbcChecks {
  static final Map<String, String> handover = new HashMap<>();
  static String scheme = "";

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
      detail = trace.toString().lines().limit(14).reduce("", (a, b) -> a + b + "\n");
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
    if (!Objects.equals(found, wanted)) throw new AssertionError("found " + cut(found) + ", wanted " + cut(wanted));
  }

  static String cut(Object value) {
    String text = String.valueOf(value);
    return text.length() > 3000 ? text.substring(0, 3000) : text;
  }

  static void holds(boolean fact, String what) {
    if (!fact) throw new AssertionError(what);
  }

  static boolean mariadb() {
    return scheme.equals("mariadb");
  }

  static Properties properties(String user, String password, String... more) {
    Properties properties = new Properties();
    properties.setProperty("user", user);
    properties.setProperty("password", password);
    for (int i = 0; i < more.length; i += 2) properties.setProperty(more[i], more[i + 1]);
    return properties;
  }

  static String[] with(String[] first, String... more) {
    String[] all = Arrays.copyOf(first, first.length + more.length);
    System.arraycopy(more, 0, all, first.length, more.length);
    return all;
  }

  static Connection connect(String target, String... more) throws SQLException {
    String[] tls = mariadb()
        ? new String[] {"sslMode", "verify-full", "serverSslCert", handover.get("caFile")}
        : new String[] {"sslMode", "VERIFY_IDENTITY", "trustCertificateKeyStoreUrl", handover.get("store"), "trustCertificateKeyStoreType", "PKCS12", "trustCertificateKeyStorePassword", "changeit"};
    String url = "jdbc:" + scheme + "://localhost:" + handover.get("port") + "/" + target;
    return DriverManager.getConnection(url, properties("agent", handover.get("token"), with(tls, more)));
  }

  static Connection direct(String... more) throws SQLException {
    String url = "jdbc:" + scheme + "://" + handover.get("direct.host") + ":" + handover.get("direct.port") + "/" + handover.get("direct.database");
    String[] key = mariadb() ? new String[] {"allowPublicKeyRetrieval", "true", "sslMode", "disable"} : new String[] {"allowPublicKeyRetrieval", "true", "sslMode", "DISABLED"};
    return DriverManager.getConnection(url, properties(handover.get("direct.user"), handover.get("direct.password"), with(key, more)));
  }

  static final String[] TEXT = {"useServerPrepStmts", "false"};
  static final String[] BINARY = {"useServerPrepStmts", "true"};

  static List<List<Object>> rows(ResultSet results) throws SQLException {
    ResultSetMetaData about = results.getMetaData();
    List<List<Object>> rows = new ArrayList<>();
    while (results.next()) {
      List<Object> row = new ArrayList<>();
      for (int i = 1; i <= about.getColumnCount(); i++) {
        // MySQL's driver makes no object of a TIME that is no time of day.
        Object value = about.getColumnType(i) == Types.TIME ? results.getString(i) : results.getObject(i);
        if (value instanceof byte[]) value = Arrays.toString((byte[]) value);
        else if (value instanceof java.sql.Blob) value = Arrays.toString(results.getBytes(i));
        row.add(value);
      }
      rows.add(row);
    }
    return rows;
  }

  static List<String> described(ResultSetMetaData about) throws SQLException {
    List<String> columns = new ArrayList<>();
    for (int i = 1; i <= about.getColumnCount(); i++) {
      columns.add(about.getColumnLabel(i) + " " + about.getColumnName(i) + " " + about.getTableName(i) + " " + about.getColumnTypeName(i)
          + " " + about.getPrecision(i) + " " + about.getScale(i) + " " + about.isNullable(i) + " " + about.isAutoIncrement(i));
    }
    return columns;
  }

  /** Not carried: that MariaDB names a text JSON, and the length that a TEXT has for clients that want results in the column's own character set. */
  static List<String> known(List<String> columns) {
    columns.replaceAll(column -> column.replaceFirst("kinds JSON 0", "kinds LONGTEXT 0").replaceFirst("people JSON 0", "people LONGTEXT 0").replaceFirst("MEDIUMTEXT 65535", "TEXT 16383"));
    return columns;
  }

  static List<List<Object>> query(Connection c, String text, Object... parameters) throws SQLException {
    try (PreparedStatement s = c.prepareStatement(text)) {
      for (int i = 0; i < parameters.length; i++) s.setObject(i + 1, parameters[i]);
      try (ResultSet results = s.executeQuery()) {
        return rows(results);
      }
    }
  }

  /** Rows, or the number of the error: what MariaDB's driver makes of some types MySQL itself cannot read. */
  static Object outcome(Connection c, String text, Object... parameters) {
    try {
      return query(c, text, parameters);
    } catch (SQLException error) {
      return error.getErrorCode();
    }
  }

  static int update(Connection c, String text) throws SQLException {
    try (Statement s = c.createStatement()) {
      return s.executeUpdate(text);
    }
  }

  static SQLException fails(Action action) {
    try {
      action.run();
    } catch (SQLException error) {
      return error;
    }
    throw new AssertionError("it did not fail");
  }

  static SQLException refused(Action action) {
    SQLException error = fails(action);
    same(error.getErrorCode(), 1227);
    holds(error.getMessage().contains("gatehouse: "), error.getMessage());
    return error;
  }

  static void hides(Object value) {
    for (String piece : handover.get("hidden").split("\n")) holds(!String.valueOf(value).contains(piece), piece + " was shown");
  }

  static final String PEOPLE = "SELECT * FROM people ORDER BY id";
  static final String[] READ = {"SELECT * FROM kinds ORDER BY id", PEOPLE, "SELECT 1.0 AS a, NULL AS b, CAST(-1 AS UNSIGNED) AS c"};

  public static void main(String[] arguments) throws Exception {
    scheme = arguments[0];
    Scanner in = new Scanner(System.in, StandardCharsets.UTF_8);
    while (in.hasNextLine()) {
      String[] parts = in.nextLine().split("\t");
      handover.put(parts[0], new String(Base64.getDecoder().decode(parts.length > 1 ? parts[1] : ""), StandardCharsets.UTF_8));
    }
    trust();

    check("logs in with the token as password over verified TLS, and reads", () -> {
      try (Connection c = connect("shop")) {
        same(query(c, "SELECT item, amount FROM orders ORDER BY id LIMIT 2"), List.of(List.of("loom", new BigDecimal("12.50")), List.of("cards", new BigDecimal("0.99"))));
      }
    });

    check("logs in over TLS without verification", () -> {
      try (Connection c = connect("shop", "sslMode", mariadb() ? "trust" : "REQUIRED")) {
        same(query(c, "SELECT who FROM log WHERE id = 7"), List.of(List.of("[redacted]")));
      }
    });

    check("is told when the token is wrong", () -> {
      SQLException error = fails(() -> connect("shop", "password", "not a token").close());
      same(error.getErrorCode(), 1045);
      holds(error.getMessage().contains("gatehouse:"), error.getMessage());
    });

    check("gets the same rows and descriptions as without the gateway, in text and binary", () -> {
      for (String[] form : List.of(TEXT, BINARY)) {
        try (Connection through = connect("plain", form); Connection without = direct(form)) {
          for (String text : READ) {
            try (PreparedStatement a = through.prepareStatement(text); PreparedStatement b = without.prepareStatement(text);
                ResultSet found = a.executeQuery(); ResultSet wanted = b.executeQuery()) {
              same(known(described(found.getMetaData())), known(described(wanted.getMetaData())));
              same(rows(found), rows(wanted));
            }
          }
        }
      }
    });

    check("sees every masked column masked, in text and binary", () -> {
      for (String[] form : List.of(TEXT, BINARY)) {
        // The redacted YEAR is 0, which is no date.
        String[] all = with(form, "yearIsDateType", "false");
        try (Connection through = connect("shop", all); Connection without = direct(all)) {
          List<List<Object>> found = query(through, PEOPLE);
          same(found, query(without, handover.get("masked")));
          hides(found);
        }
      }
    });

    check("carries parameters of many types, in text and binary", () -> {
      Object[] values = {-7, 9007199254740993L, 0.5, "it's \"so\" \\ \uD83D\uDEAA", true, null,
          new BigDecimal("12345678901234567890.123456789"), LocalDate.of(2024, 2, 29), LocalDateTime.of(2024, 2, 29, 12, 34, 56, 789_000_000)};
      String text = "SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?";
      for (String[] form : List.of(TEXT, BINARY)) {
        try (Connection through = connect("plain", form); Connection without = direct(form)) {
          same(query(through, "SELECT HEX(?)", (Object) new byte[] {0, -1, 16, 39}), List.of(List.of("00FF1027")));
          same(outcome(through, text, values), outcome(without, text, values));
        }
      }
    });

    check("reads with a fetch size: a cursor on the server, and row by row, masked", () -> {
      List<String[]> forms = mariadb() ? List.of(TEXT, BINARY) : List.of(with(BINARY, "useCursorFetch", "true"), TEXT);
      for (String[] form : forms) {
        try (Connection c = connect("shop", form); PreparedStatement s = c.prepareStatement("SELECT id, who FROM log WHERE id <= 20000 ORDER BY id")) {
          s.setFetchSize(!mariadb() && form == TEXT ? Integer.MIN_VALUE : 100);
          try (ResultSet results = s.executeQuery()) {
            int count = 0;
            while (results.next()) {
              count++;
              same(results.getInt(1), count);
              same(results.getString(2), "[redacted]");
            }
            same(count, 20000);
          }
          // Left in the middle: the connection goes on.
          try (ResultSet results = s.executeQuery()) {
            holds(results.next(), "no row");
          }
          same(query(c, "SELECT item FROM orders WHERE id = 1"), List.of(List.of("loom")));
        }
      }
    });

    check("sees each result of a procedure masked, and its OUT parameter", () -> {
      for (String[] form : List.of(TEXT, BINARY)) {
        try (Connection c = connect("shop", form); PreparedStatement s = c.prepareStatement("CALL two_results()")) {
          holds(s.execute(), "no result");
          same(rows(s.getResultSet()), List.of(List.of(1, "loom"), List.of(2, "cards")));
          holds(s.getMoreResults(), "no second result");
          same(rows(s.getResultSet()), List.of(List.of(1, "Ada", "*******6789")));
        }
      }
      // What the driver asks about the procedure it asks by the name that it connected to.
      try (Connection c = connect(handover.get("direct.database"), "user", "agent+plain"); CallableStatement s = c.prepareCall("{CALL doubled(?, ?)}")) {
        s.setInt(1, 21);
        s.registerOutParameter(2, Types.INTEGER);
        s.execute();
        same(s.getInt(2), 42);
      }
    });

    check("answers several statements in one text, and none of them where one is refused", () -> {
      try (Connection c = connect("shop", "allowMultiQueries", "true"); Statement s = c.createStatement()) {
        holds(s.execute("SELECT 'a'; SELECT ssn FROM people WHERE id = 1; SELECT 'b'"), "no result");
        same(rows(s.getResultSet()), List.of(List.of("a")));
        holds(s.getMoreResults(), "no second");
        same(rows(s.getResultSet()), List.of(List.of("*******6789")));
        holds(s.getMoreResults(), "no third");
        refused(() -> s.execute("INSERT INTO orders VALUES (70, 1, 'x', 1); TRUNCATE orders"));
        same(query(c, "SELECT id FROM orders WHERE id = 70"), List.of());
      }
    });

    check("runs a batch, with rewritten inserts too", () -> {
      List<String[]> forms = mariadb() ? List.of(TEXT, BINARY) : List.of(TEXT, BINARY, new String[] {"rewriteBatchedStatements", "true"});
      for (String[] form : forms) {
        try (Connection c = connect("shop", form); PreparedStatement s = c.prepareStatement("INSERT INTO orders (id, person_id, item, amount) VALUES (?, 2, ?, ?)")) {
          for (int id = 1000; id < 1050; id++) {
            s.setInt(1, id);
            s.setString(2, "item " + id);
            s.setBigDecimal(3, new BigDecimal(id));
            s.addBatch();
          }
          same(s.executeBatch().length, 50);
          same(update(c, "DELETE FROM orders WHERE id >= 1000"), 50);
        }
      }
    });

    check("commits and rolls back, with savepoints, and goes on in its transaction after a refusal", () -> {
      try (Connection c = connect("shop")) {
        c.setAutoCommit(false);
        same(update(c, "INSERT INTO orders VALUES (90, 2, 'needle', 1)"), 1);
        refused(() -> update(c, "DELETE FROM orders"));
        refused(() -> update(c, "DROP TABLE orders"));
        Savepoint savepoint = c.setSavepoint("here");
        update(c, "INSERT INTO orders VALUES (91, 2, 'needle', 1)");
        c.rollback(savepoint);
        same(query(c, "SELECT id FROM orders WHERE id IN (90, 91)"), List.of(List.of(90)));
        c.rollback();
        same(query(c, "SELECT id FROM orders WHERE id IN (90, 91)"), List.of());
        c.setTransactionIsolation(Connection.TRANSACTION_SERIALIZABLE);
        same(c.getTransactionIsolation(), Connection.TRANSACTION_SERIALIZABLE);
        c.commit();
        c.setReadOnly(true);
        query(c, "SELECT item FROM orders WHERE id = 1");
        c.commit();
      }
    });

    check("is refused LOAD DATA LOCAL, and goes on", () -> {
      try (Connection c = connect("shop", "allowLocalInfile", "true")) {
        refused(() -> update(c, "LOAD DATA LOCAL INFILE '/etc/hostname' INTO TABLE orders"));
        same(query(c, "SELECT item FROM orders WHERE id = 1"), List.of(List.of("loom")));
      }
    });

    check("cancels a running statement, and by its own query timeout", () -> {
      try (Connection c = connect("shop"); Statement s = c.createStatement()) {
        Thread other = new Thread(() -> {
          try {
            Thread.sleep(400);
            s.cancel();
          } catch (Exception error) {
            throw new AssertionError(error);
          }
        });
        other.start();
        SQLException error = fails(() -> s.executeQuery("SELECT SLEEP(20) FROM log WHERE id < 20"));
        holds(error.getErrorCode() == 1317 || error.getMessage().contains("cancelled"), error.toString());
        other.join();
        s.setQueryTimeout(1);
        fails(() -> rows(s.executeQuery("SELECT SLEEP(20) FROM log WHERE id < 20")));
        s.setQueryTimeout(0);
        same(query(c, "SELECT item FROM orders WHERE id = 1"), List.of(List.of("loom")));
      }
    });

    check("writes and reads one value over 16 MiB", () -> {
      try (Connection d = direct()) {
        update(d, "SET GLOBAL max_allowed_packet = 64 * 1024 * 1024");
      }
      byte[] body = new byte[18_000_000];
      Arrays.fill(body, (byte) 'x');
      try (Connection c = connect("plain", with(BINARY, "maxAllowedPacket", "60000000")); PreparedStatement s = c.prepareStatement("REPLACE INTO documents (id, bytes) VALUES (1, ?)")) {
        s.setBytes(1, body);
        s.executeUpdate();
      }
      for (String[] form : List.of(TEXT, BINARY)) {
        try (Connection c = connect("shop", with(form, "maxAllowedPacket", "60000000")); Statement s = c.createStatement();
            ResultSet results = s.executeQuery("SELECT bytes FROM documents WHERE id = 1")) {
          holds(results.next() && Arrays.equals(results.getBytes(1), body), "another value");
        }
      }
    });

    check("reads the catalog as DatabaseMetaData, as without the gateway", () -> {
      try (Connection c = connect("shop"); Connection d = direct()) {
        // The client asked for a target: what the server calls the database it asks itself.
        String catalog = handover.get("direct.database");
        same(query(c, "SELECT DATABASE()"), List.of(List.of(catalog)));
        DatabaseMetaData a = c.getMetaData();
        DatabaseMetaData b = d.getMetaData();
        same(rows(a.getTables(catalog, null, "%", null)), rows(b.getTables(catalog, null, "%", null)));
        same(rows(a.getColumns(catalog, null, "orders", "%")), rows(b.getColumns(catalog, null, "orders", "%")));
        same(rows(a.getPrimaryKeys(catalog, null, "orders")), rows(b.getPrimaryKeys(catalog, null, "orders")));
        same(rows(a.getIndexInfo(catalog, null, "orders", false, true)), rows(b.getIndexInfo(catalog, null, "orders", false, true)));
        same(rows(a.getImportedKeys(catalog, null, "orders")), rows(b.getImportedKeys(catalog, null, "orders")));
        same(rows(a.getProcedures(catalog, null, "%")), rows(b.getProcedures(catalog, null, "%")));
        same(a.getDatabaseProductVersion(), b.getDatabaseProductVersion());
      }
    });

    check("gets the errors of the server unchanged where nothing is masked", () -> {
      try (Connection c = connect("plain"); Connection d = direct()) {
        for (String text : List.of("SELECT * FROM missing", "SELECT missing FROM orders", "INSERT INTO orders VALUES (1, 1, 'twice', 1)",
            "INSERT INTO orders VALUES (99, 1, 'less', -1)", "INSERT INTO orders VALUES (99, 77, 'nobody', 1)")) {
          SQLException a = fails(() -> { try (Statement s = c.createStatement()) { s.execute(text); } });
          SQLException b = fails(() -> { try (Statement s = d.createStatement()) { s.execute(text); } });
          same(a.getErrorCode() + a.getSQLState() + a.getClass(), b.getErrorCode() + b.getSQLState() + b.getClass());
          same(a.getMessage().replaceAll("conn=\\d+", ""), b.getMessage().replaceAll("conn=\\d+", ""));
        }
      }
    });

    check("is told who refused, why, and what to do instead", () -> {
      try (Connection c = connect("shop")) {
        holds(refused(() -> update(c, "TRUNCATE orders")).getMessage().contains("Open a change request"), "no reason");
      }
    });
    System.exit(0);
  }

  /** The authority as a key store: MySQL's driver takes no PEM. */
  static void trust() throws Exception {
    java.nio.file.Path pem = java.nio.file.Path.of(handover.get("caFile"));
    java.security.KeyStore store = java.security.KeyStore.getInstance("PKCS12");
    store.load(null, null);
    try (java.io.InputStream bytes = java.nio.file.Files.newInputStream(pem)) {
      store.setCertificateEntry("ca", java.security.cert.CertificateFactory.getInstance("X.509").generateCertificate(bytes));
    }
    java.nio.file.Path file = pem.resolveSibling("ca." + scheme + ".p12");
    try (java.io.OutputStream out = java.nio.file.Files.newOutputStream(file)) {
      store.store(out, "changeit".toCharArray());
    }
    handover.put("store", file.toUri().toString());
  }
}
