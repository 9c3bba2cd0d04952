// Command hello serves one page.
package main

import (
	"bytes"
	"context"
	_ "embed"
	"html/template"
	"log"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime"
	"sync/atomic"
	"syscall"
	"time"
)

//go:embed page.html
var page string

func env(name, fallback string) string {
	if value := os.Getenv(name); value != "" {
		return value
	}
	return fallback
}

func main() {
	log.SetFlags(0)
	log.SetPrefix("go: ")
	hostname, _ := os.Hostname()
	greeting, instance := env("GREETING", "Hello"), env("HOSTNAME", hostname)
	view := template.Must(template.New("page").Parse(page))
	var requests atomic.Int64

	mux := http.NewServeMux()
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" {
			http.NotFound(w, r)
			return
		}
		var body bytes.Buffer
		values := map[string]any{
			"app": "go", "language": "Go", "runtime": runtime.Version() + ", standard library only",
			"greeting": greeting, "instance": instance, "requests": requests.Add(1),
		}
		if err := view.Execute(&body, values); err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Write(body.Bytes())
	})

	listener, err := net.Listen("tcp", ":"+env("PORT", "8080"))
	if err != nil {
		log.Fatal(err)
	}
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}

	// The platform asks an instance to stop with SIGTERM: finish what is open, then go.
	stop, done := signal.NotifyContext(context.Background(), syscall.SIGTERM, os.Interrupt)
	defer done()
	finished := make(chan error, 1)
	go func() {
		<-stop.Done()
		log.Printf("stopping after %d requests", requests.Load())
		limit, cancel := context.WithTimeout(context.Background(), 20*time.Second)
		defer cancel()
		finished <- server.Shutdown(limit)
	}()

	log.Printf("listening on port %d", listener.Addr().(*net.TCPAddr).Port)
	if err := server.Serve(listener); err != http.ErrServerClosed {
		log.Fatal(err)
	}
	if err := <-finished; err != nil {
		log.Fatal(err)
	}
}
