/* The echo server in C, with the same log line: what echo_figures.py
 * compares the others with. Usage: echo_server --port PORT */
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>

int main(int argc, char **argv)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t length = sizeof address;
    char buffer[1024], text[INET_ADDRSTRLEN];

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    address.sin_port = htons(argc == 3 ? atoi(argv[2]) : 3500);
    int s = socket(AF_INET, SOCK_DGRAM, 0);
    if (bind(s, (struct sockaddr *)&address, length) < 0) {
        perror("bind");
        return 1;
    }
    getsockname(s, (struct sockaddr *)&address, &length);
    fprintf(stderr, "listening on 127.0.0.1:%d\n",
            ntohs(address.sin_port));
    setvbuf(stdout, NULL, _IOLBF, 0); /* Each line at once, as in Rust. */

    for (;;) {
        length = sizeof address;
        ssize_t n = recvfrom(s, buffer, sizeof buffer, 0,
                             (struct sockaddr *)&address, &length);
        if (n < 0)
            return 1;
        inet_ntop(AF_INET, &address.sin_addr, text, sizeof text);
        printf("Conexion desde: %s:%d\n", text, ntohs(address.sin_port));
        if (n > 0)
            sendto(s, buffer, n, 0, (struct sockaddr *)&address, length);
    }
}
