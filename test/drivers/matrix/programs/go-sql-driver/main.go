// go-sql-driver/mysql: attempts in, outcomes out (LoginProgram in driver.ts).
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
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

func open(way, target, user, secret string) (*sql.DB, error) {
	// shown: begin
	authority, err := os.ReadFile(ca)
	if err != nil {
		return nil, err
	}
	trusted := x509.NewCertPool()
	trusted.AppendCertsFromPEM(authority)
	options := mysql.NewConfig()
	options.Net, options.Addr, options.DBName = "tcp", host+":"+port, target
	options.User, options.Passwd = user, secret
	options.TLS = &tls.Config{RootCAs: trusted, ServerName: host}
	// A client certificate, with any password.
	certified := options.TLS.Clone()
	pair, err := tls.LoadX509KeyPair(cert, key)
	certified.Certificates = []tls.Certificate{pair}
	// shown: end
	if err != nil {
		return nil, err
	}
	if way == "certificate" {
		options.TLS = certified
	}
	if way == "bare" || way == "off" {
		options.TLS = nil
	}
	connector, err := mysql.NewConnector(options)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

func outcome(way, target, user, secret string) []string {
	database, err := open(way, target, user, secret)
	if err != nil {
		return append([]string{"out", ""}, told(err)...)
	}
	defer database.Close()
	if err := database.Ping(); err != nil {
		return append([]string{"out", ""}, told(err)...)
	}
	var value string
	if err := database.QueryRow("SELECT ssn FROM people WHERE id = 1").Scan(&value); err != nil {
		return append([]string{"in", ""}, told(err)...)
	}
	_, err = database.Exec("DROP TABLE people")
	return append([]string{"in", value}, told(err)...)
}

func told(err error) []string {
	var refused *mysql.MySQLError
	switch {
	case errors.As(err, &refused):
		return []string{strconv.Itoa(int(refused.Number)), refused.Message}
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
