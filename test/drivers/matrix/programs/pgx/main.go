// pgx: attempts in, outcomes out (LoginProgram in driver.ts).
package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

var host, port, ca = os.Getenv("GATEHOUSE_HOST"), os.Getenv("GATEHOUSE_PORT"), os.Getenv("GATEHOUSE_CA")
var cert, key = os.Getenv("GATEHOUSE_CERT"), os.Getenv("GATEHOUSE_KEY")

func main() {
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		fields := strings.Split(lines.Text(), "\t")
		way, target, user, secret := fields[0], fields[1], fields[2], fields[3]
		say(way, target, outcome(way, target, user, secret))
	}
}

func address(way, target, user, secret string) string {
	// shown: begin
	connection := url.URL{Scheme: "postgres", Host: host + ":" + port, Path: target, User: url.UserPassword(user, secret)}
	verified := connection
	verified.RawQuery = url.Values{"sslmode": {"verify-full"}, "sslrootcert": {ca}}.Encode()
	// For a session credential, besides: only SCRAM-SHA-256-PLUS will do.
	bound := verified
	bound.RawQuery += "&channel_binding=require"
	// A client certificate, with any password.
	certified := verified
	certified.RawQuery += "&" + url.Values{"sslcert": {cert}, "sslkey": {key}}.Encode()
	// shown: end
	switch way {
	case "bare":
		return connection.String()
	case "off":
		return connection.String() + "?sslmode=disable"
	case "scram":
		return verified.String() + "&channel_binding=disable"
	case "scram-plus":
		return bound.String()
	case "certificate":
		return certified.String()
	default:
		return verified.String()
	}
}

func outcome(way, target, user, secret string) []string {
	background := context.Background()
	connection, err := pgx.Connect(background, address(way, target, user, secret))
	if err != nil {
		return append([]string{"out", ""}, told(err)...)
	}
	defer connection.Close(background)
	var value string
	if err := connection.QueryRow(background, "SELECT ssn FROM people WHERE id = 1").Scan(&value); err != nil {
		return append([]string{"in", ""}, told(err)...)
	}
	_, err = connection.Exec(background, "DROP TABLE people")
	return append([]string{"in", value}, told(err)...)
}

func told(err error) []string {
	var refused *pgconn.PgError
	switch {
	case errors.As(err, &refused):
		return []string{refused.Code, refused.Message + " " + refused.Hint}
	case err == nil:
		return []string{"", "nothing was refused"}
	default:
		return []string{"", err.Error()}
	}
}

func say(way, target string, fields []string) {
	for at, field := range fields {
		fields[at] = strings.Join(strings.Fields(field), " ")
	}
	fmt.Println(strings.Join(append([]string{way, target}, fields...), "\t"))
}
