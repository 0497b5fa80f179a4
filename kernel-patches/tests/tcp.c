// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcp.c - connections over loopback, and what the kernel reports about them
 *
 *   tcp start		"cwnd C S rto C S": congestion windows and retransmission
 *			times, in ms, of client and server at the start
 *   tcp lose MS	the same of the client that long after it has sent data
 *			of which all is lost: "cwnd C rto C"
 *   tcp dribble N	sends so many bytes one by one to a peer who has nothing
 *			to say
 *   tcp orphans N MS	leaves so many sockets whose data cannot go out,
 *			and waits for as long
 *
 * Nothing is lost on the loopback device: a filter of the receiving socket that
 * drops everything stands for it.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int check(int ret, const char *what)
{
	if (ret < 0) {
		perror(what);
		exit(1);
	}
	return ret;
}

struct connection {
	int client, server;
};

static struct connection connect_both(void)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t size = sizeof(address);
	struct connection c;
	int listener;

	listener = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
	check(bind(listener, (void *)&address, size), "bind");
	check(listen(listener, 1), "listen");
	check(getsockname(listener, (void *)&address, &size), "getsockname");
	c.client = check(socket(AF_INET, SOCK_STREAM, 0), "socket");
	check(connect(c.client, (void *)&address, size), "connect");
	c.server = check(accept(listener, NULL, NULL), "accept");
	close(listener);
	return c;
}

static void drop_all(int socket)
{
	struct sock_filter drop = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog program = { .len = 1, .filter = &drop };

	check(setsockopt(socket, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			 sizeof(program)), "SO_ATTACH_FILTER");
}

static struct tcp_info info_of(int socket)
{
	struct tcp_info info;
	socklen_t size = sizeof(info);

	memset(&info, 0, sizeof(info));
	check(getsockopt(socket, IPPROTO_TCP, TCP_INFO, &info, &size), "TCP_INFO");
	return info;
}

static void start(void)
{
	struct connection c = connect_both();
	struct tcp_info client = info_of(c.client), server = info_of(c.server);

	printf("cwnd %u %u rto %u %u\n", client.tcpi_snd_cwnd, server.tcpi_snd_cwnd,
	       client.tcpi_rto / 1000, server.tcpi_rto / 1000);
}

static void lose(int ms)
{
	struct connection c = connect_both();
	struct tcp_info client;

	drop_all(c.server);
	check(write(c.client, "lost", 4), "write");
	usleep(ms * 1000);
	client = info_of(c.client);
	printf("cwnd %u rto %u\n", client.tcpi_snd_cwnd, client.tcpi_rto / 1000);
}

/* At first all is acknowledged at once; TCP_QUICKACK 0 turns that off once. */
static void dribble(int n)
{
	struct connection c = connect_both();
	int off = 0;

	while (n--) {
		check(setsockopt(c.server, IPPROTO_TCP, TCP_QUICKACK, &off,
				 sizeof(off)), "TCP_QUICKACK");
		check(write(c.client, "x", 1), "write");
		usleep(100 * 1000);
	}
}

static void orphans(int n, int ms)
{
	struct connection c;

	while (n--) {
		c = connect_both();
		drop_all(c.server);
		check(write(c.client, "lost", 4), "write");
		close(c.client);
	}
	usleep(ms * 1000);
}

int main(int argc, char **argv)
{
	const char *command = argc > 1 ? argv[1] : "";

	if (!strcmp(command, "start"))
		start();
	else if (!strcmp(command, "lose") && argc > 2)
		lose(atoi(argv[2]));
	else if (!strcmp(command, "dribble") && argc > 2)
		dribble(atoi(argv[2]));
	else if (!strcmp(command, "orphans") && argc > 3)
		orphans(atoi(argv[2]), atoi(argv[3]));
	else
		return 2;
	return 0;
}
