// One session of masterzen/winrm: the arguments are port, "basic", "ntlm" or "https", the file of the authority, and the command
// lines; every command gets the same line as its input. Prints one line of JSON a command.
package main

import (
	"bytes"
	"encoding/json"
	"io/ioutil"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/masterzen/winrm"
)

func main() {
	port, err := strconv.Atoi(os.Args[1])
	exitOn(err)
	mode := os.Args[2]
	var authority []byte
	if mode == "https" {
		authority, err = ioutil.ReadFile(os.Args[3])
		exitOn(err)
	}
	endpoint := winrm.NewEndpoint("localhost", port, mode == "https", false, authority, nil, nil, 30*time.Second)
	parameters := winrm.NewParameters("PT2S", "en-US", 153600)
	if mode == "ntlm" {
		parameters.TransportDecorator = func() winrm.Transporter { return &winrm.ClientNTLM{} }
	}
	client, err := winrm.NewClientWithParameters(endpoint, os.Getenv("PEER_USER"), os.Getenv("PEER_PASSWORD"), parameters)
	exitOn(err)
	for _, line := range os.Args[4:] {
		var stdout, stderr bytes.Buffer
		code, err := client.RunWithInput(line, &stdout, &stderr, strings.NewReader("typed\n"))
		found := map[string]interface{}{"stdout": stdout.String(), "stderr": stderr.String(), "exitCode": code, "error": nil}
		if err != nil {
			found["error"] = err.Error()
		}
		exitOn(json.NewEncoder(os.Stdout).Encode(found))
	}
}

func exitOn(err error) {
	if err != nil {
		os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
}
