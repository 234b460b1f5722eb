// Prefixes the lines of stdin with its argument, tells a variable on stderr, and prints a granted file.
package main

import (
	"bufio"
	"fmt"
	"os"
)

func main() {
	name := ""
	if len(os.Args) > 1 {
		name = os.Args[1]
	}
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		fmt.Printf("%s: %s\n", name, lines.Text())
	}
	lang, found := os.LookupEnv("LANG")
	if !found {
		lang = "none"
	}
	fmt.Fprintln(os.Stderr, lang)
	text, err := os.ReadFile("/data/a.txt")
	if err != nil {
		os.Exit(3)
	}
	fmt.Println(string(text))
}
