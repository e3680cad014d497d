/* Programs with one fault each: broken ROLE FAULT HOST PORT. The fault `none`
 * is a right program: what it fails is the judge's fault. */
#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static const char *fault;
static struct sockaddr_in server;
static int s;

static int is(const char *name) { return strcmp(fault, name) == 0; }

static double now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

static void patience(int ms) {
    struct timeval t = {ms / 1000, ms % 1000 * 1000};
    setsockopt(s, SOL_SOCKET, SO_RCVTIMEO, &t, sizeof t);
}

static int echo_server(void) {
    char buffer[1024];
    struct sockaddr_in from, first = {0};
    bind(s, (struct sockaddr *)&server, sizeof server);
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(s, buffer, is("ends-at-1024") ? 1024 : sizeof buffer,
                             0, (struct sockaddr *)&from, &size);
        if (n < 0 || (is("ends-at-1024") && n == 1024)) return 1;
        if (first.sin_port == 0) first = from;
        if (is("whole-buffer")) n = sizeof buffer;
        if (is("byte-length")) n = (unsigned char)n;
        if (is("strlen")) n = strnlen(buffer, n);
        if (is("newline") && n < 1024) buffer[n++] = '\n';
        if (n > 0)
            sendto(s, buffer, n, 0,
                   (struct sockaddr *)(is("first-address") ? &first : &from), size);
    }
}

static int daytime_server(void) {
    char buffer[65535], line[100];
    struct sockaddr_in from;
    bind(s, (struct sockaddr *)&server, sizeof server);
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(s, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);
        if (n < 0) return 1;
        time_t t = time(NULL);
        struct tm *u = gmtime(&t);
        memset(line, 0, sizeof line);
        if (is("sign")) { /* Three hours behind UTC: that is -0300. */
            t -= 3 * 3600;
            u = gmtime(&t);
        }
        snprintf(line, sizeof line, "%04d-%02d-%02d %02d:%02d:%02d %s%s",
                 u->tm_year + (is("year") ? 0 : 1900), u->tm_mon + (is("month") ? 0 : 1),
                 u->tm_mday, u->tm_hour, u->tm_min, u->tm_sec,
                 is("sign") ? "+0300" : "UTC", is("no-cr") ? "\n" : "\r\n");
        size_t length = strlen(line) + (is("end-of-string") ? 1 : 0);
        sendto(s, line, length, 0, (struct sockaddr *)&from, size);
    }
}

static int echo_client(void) {
    char buffer[1025];
    size_t room = is("small-buffer") ? 100 : 1024;
    const char *text = "Taller I: Echo sobre UDP";
    if (is("aborts")) abort();
    sendto(s, text, strlen(text), 0, (struct sockaddr *)&server, sizeof server);
    ssize_t n = recv(s, buffer, room, 0);
    if (n < 0) return 1;
    buffer[n] = 0;
    if (is("asks-no-more") && n == 0)
        for (;;) pause();
    if (is("format")) {
        printf(buffer);
        return 0;
    }
    printf("--> %s%s", buffer, is("no-line-end") ? "" : "\n"); /* Both print it. */
    return 0;
}

static int daytime_client(void) {
    char buffer[65535];
    patience(1000);
    connect(s, (struct sockaddr *)&server, sizeof server);
    for (int i = 0; i < 3; i++) {
        send(s, "", 0, 0);
        ssize_t n = recv(s, buffer, sizeof buffer, 0);
        if (n < 0) continue;
        for (ssize_t at = 0; at < n; at++)
            if ((unsigned char)buffer[at] < 32) buffer[at] = ' ';
        if (is("cuts")) n = n > 10 ? 10 : n;
        printf("%.*s\n", (int)n, buffer);
        return 0;
    }
    if (!is("no-words")) fprintf(stderr, "no answer\n");
    return 1;
}

static int reflector(void) {
    static char buffer[65535];
    struct sockaddr_in from;
    bind(s, (struct sockaddr *)&server, sizeof server);
    for (;;) {
        socklen_t size = sizeof from;
        ssize_t n = recvfrom(s, buffer, sizeof buffer, 0, (struct sockaddr *)&from, &size);
        if (n < 0) return 1;
        if (is("long") && n < 1400) n = 1400;
        sendto(s, buffer, n, 0, (struct sockaddr *)&from, size);
    }
}

static int by_size(const void *a, const void *b) {
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static int rtt_client(void) {
    double rtt[12], start;
    int sent = 0, received = 0;
    connect(s, (struct sockaddr *)&server, sizeof server);
    for (int i = 0; i < 12; i++, sent++) {
        char probe[16], came[1024];
        snprintf(probe, sizeof probe, "probe %08d", i);
        start = now();
        send(s, probe, sizeof probe, 0);
        for (;;) {
            double left = start + 400 - now();
            if (left < 1) break;
            patience(left);
            ssize_t n = recv(s, came, sizeof came, 0);
            if (n < 0) break;
            if (n == sizeof probe && memcmp(probe, came, n) == 0) {
                rtt[received++] = now() - start;
                break;
            }
        }
    }
    if (is("never-lost")) {
        printf("sent %d received %d lost 0\n", sent, received);
        return 0;
    }
    printf("sent %d received %d lost %d", sent, received, sent - received);
    qsort(rtt, received, sizeof *rtt, by_size);
    double scale = is("in-seconds") ? 0.001 : 1;
    if (received > 0)
        printf(" min %.3f median %.3f max %.3f", rtt[0] * scale,
               (rtt[(received - 1) / 2] + rtt[received / 2]) / 2 * scale,
               rtt[received - 1] * scale);
    printf("\n");
    return 0;
}

int main(int count, char **words) {
    if (count < 5) return 2;
    fault = words[2];
    server.sin_family = AF_INET;
    inet_pton(AF_INET, words[3], &server.sin_addr);
    server.sin_port = htons(atoi(words[4]));
    s = socket(AF_INET, SOCK_DGRAM, 0);
    struct { const char *name; int (*run)(void); } roles[] = {
        {"echo-server", echo_server}, {"daytime-server", daytime_server},
        {"echo-client", echo_client}, {"daytime-client", daytime_client},
        {"reflector", reflector},     {"rtt-client", rtt_client},
    };
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++)
        if (strcmp(words[1], roles[i].name) == 0) return roles[i].run();
    return 2;
}
