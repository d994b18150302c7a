package pages

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/haulier/haulier/test/program"
)

// dashboardLine is how the demo says the way into its dashboard.
var dashboardLine = regexp.MustCompile(`Dashboard (http://127\.0\.0\.1:\d+)  \(user (\S+), password (\S+)\)`)

// demo starts the built program's demo, and gives the way into its dashboard.
func demo(t *testing.T) (address, user, password string) {
	t.Helper()
	command := exec.Command(program.Built(t), "demo", "--for", "3m")
	command.Dir = t.TempDir()
	reader, writer, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	command.Stdout, command.Stderr = writer, writer
	if err := command.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = command.Process.Signal(os.Interrupt)
		_, _ = io.Copy(io.Discard, reader)
		_ = command.Wait() // 130: it was interrupted
	})
	writer.Close()
	lines := bufio.NewScanner(reader)
	for lines.Scan() {
		if found := dashboardLine.FindStringSubmatch(lines.Text()); found != nil {
			return found[1], found[2], found[3]
		}
	}
	t.Fatal("the demo ended and named no dashboard")
	return "", "", ""
}

// The built program's demo shows its dashboard to who logs in, with the failure that is there on purpose, and does what it is asked.
func TestDemoHasADashboard(t *testing.T) {
	w := open(t, looked{})
	address, user, password := demo(t)
	w.base = address
	w.to("/runs")
	w.says("h1", "Haulier")
	w.do(chromedp.SendKeys("#user", user, chromedp.ByQuery), chromedp.SendKeys("#password", password, chromedp.ByQuery))
	w.follow("button[type=submit]")
	w.says("h1", "Runs")
	w.to("/")
	w.wait(`!document.querySelector("#live").hidden && document.querySelector("#livetext").textContent === "live"`)
	w.says("main", "pgp.not_encrypted", "acme-payroll", "acme-segment", "Total requests")
	w.to("/connections/acme")
	w.wait(`document.querySelectorAll(".plot.drawn .uplot canvas").length === 3`)
	w.follow("form[action='/connections/acme/test'] button")
	w.says("#test", "DNS", "login")
	w.to("/jobs/acme-customers")
	w.follow("form[action='/jobs/acme-customers/plan'] button")
	w.says("section[aria-labelledby=plan]", "customers_", "nothing was moved")
	w.to("/alerts")
	w.follow(".item a[href^='/alerts/']")
	w.says("main", "acme-payroll", "pgp.not_encrypted", "When all was well", "Changed since then")
	w.to("/jobs/acme-segment")
	w.follow("form[action='/jobs/acme-segment/run'] button, a.primary[href^='/runs/']")
	w.says("main", "acme-segment")
	w.follow("form.out button")
	w.to("/")
	w.says("h1", "Haulier")
}
