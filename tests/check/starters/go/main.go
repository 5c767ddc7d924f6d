// My server. `./check` builds it, starts it, and says what to do next.
package main

import (
	"fmt"
	"os"
)

func main() {
	port := "8888"
	if len(os.Args) > 1 {
		port = os.Args[1]
	}

	// Chapter 1 makes eight calls. Go has names of its own for them. Once:
	//     net.Listen("tcp", "127.0.0.1:"+port) does socket, setsockopt, bind and listen
	// and then for each client:
	//     listener.Accept, connection.Read (recv), connection.Write (send), connection.Close

	fmt.Printf("Nothing listens on http://127.0.0.1:%s yet.\n", port)
}
