// SPDX-License-Identifier: GPL-2.0
/*
 * A pretend board for tests of display software: an SPI bus with /dev/spidev0.0 and a GPIO chip, both of which write down
 * what is done to them. Nothing is connected: reads give zeros.
 *
 * /dev/loopboard gives the log, each entry a header in little-endian and then its bytes:
 *    0  8  monotonic time in nanoseconds, of the transfer's end or the edge
 *    8  4  number of bytes that follow
 *   12  1  kind: 0 a transfer, 1 an edge of a GPIO line
 *   13  1  chip select of the transfer, or number of the line
 *   14  1  level of the data/command line at the transfer, or the line's new level
 *   15  1  1 when entries before this one were lost because nobody read them in time
 * Edges of the data/command line itself are left out: each transfer tells its level.
 */
#include <linux/delay.h>
#include <linux/gpio/driver.h>
#include <linux/miscdevice.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/poll.h>
#include <linux/spi/spi.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#define LINES 54
#define LOG_BYTES (32u << 20)

static uint data_command = 25;
module_param(data_command, uint, 0444);
MODULE_PARM_DESC(data_command, "line that tells commands from data");

static char *label = "pinctrl-bcm2835";
module_param(label, charp, 0444);
MODULE_PARM_DESC(label, "name of the GPIO chip");

static bool pace = true;
module_param(pace, bool, 0644);
MODULE_PARM_DESC(pace, "transfers take as long as they would on the wire");

static uint max_hz = 125000000;
module_param(max_hz, uint, 0444);
MODULE_PARM_DESC(max_hz, "clock that is never exceeded, whatever is asked for");

static bool strict;
module_param(strict, bool, 0444);
MODULE_PARM_DESC(strict, "lines nobody holds any more become inputs and follow their pulls, as a Raspberry Pi's do "
		 "unless the kernel was told to leave them");

enum { TRANSFER, EDGE };

struct entry {
	__le64 ns;
	__le32 len;
	u8 kind, number, level, lost;
} __packed;

/* The log is a ring. head and tail count bytes since the start; both and the lines are under this lock. */
static DEFINE_SPINLOCK(lock);
static DECLARE_WAIT_QUEUE_HEAD(filled);
static u8 *ring;
static u64 head, tail;
static bool lost;
static u64 levels, outputs;

static struct platform_device *board;
static struct spi_controller *bus;

static void push(const void *bytes, size_t len)
{
	size_t at = head % LOG_BYTES, first = min_t(size_t, len, LOG_BYTES - at);

	memcpy(ring + at, bytes, first);
	memcpy(ring, bytes + first, len - first);
	head += len;
}

static void note(u8 kind, u8 number, u8 level, const void *bytes, u32 len)
{
	struct entry entry = {
		.ns = cpu_to_le64(ktime_get_ns()), .len = cpu_to_le32(len),
		.kind = kind, .number = number, .level = level, .lost = lost,
	};

	lockdep_assert_held(&lock);
	lost = head - tail + sizeof(entry) + len > LOG_BYTES;
	if (lost)
		return;
	push(&entry, sizeof(entry));
	push(bytes, len);
}

static int line_get(struct gpio_chip *chip, unsigned int line)
{
	return !!(READ_ONCE(levels) & BIT_ULL(line));
}

static void line_set(struct gpio_chip *chip, unsigned int line, int level)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	if (!!level != line_get(chip, line)) {
		levels ^= BIT_ULL(line);
		if (line != data_command)
			note(EDGE, line, !!level, NULL, 0);
	}
	spin_unlock_irqrestore(&lock, flags);
	wake_up_interruptible(&filled);
}

static int line_input(struct gpio_chip *chip, unsigned int line)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	outputs &= ~BIT_ULL(line);
	spin_unlock_irqrestore(&lock, flags);
	return 0;
}

static int line_output(struct gpio_chip *chip, unsigned int line, int level)
{
	unsigned long flags;

	spin_lock_irqsave(&lock, flags);
	outputs |= BIT_ULL(line);
	spin_unlock_irqrestore(&lock, flags);
	line_set(chip, line, level);
	return 0;
}

static int line_direction(struct gpio_chip *chip, unsigned int line)
{
	return READ_ONCE(outputs) & BIT_ULL(line) ? GPIO_LINE_DIRECTION_OUT : GPIO_LINE_DIRECTION_IN;
}

/* Pulls as a BCM2835 has them after power-up: up on lines 0 to 8, down on those the panel may be on. */
static void line_free(struct gpio_chip *chip, unsigned int line)
{
	if (!strict)
		return;
	line_input(chip, line);
	line_set(chip, line, line <= 8);
}

static struct gpio_chip lines = {
	.owner = THIS_MODULE, .base = -1, .ngpio = LINES,
	.get = line_get, .set = line_set, .get_direction = line_direction,
	.direction_input = line_input, .direction_output = line_output, .free = line_free,
};

/* A clock is told by how long transfers take, so it should be as right as this machine allows: sleep, then watch. */
static void wait_until(u64 ns)
{
	s64 left = ns - ktime_get_ns();

	if (left > 60 * NSEC_PER_USEC) {
		unsigned int us = (unsigned int)div_u64(left, NSEC_PER_USEC) - 50;

		usleep_range(us, us + 10);
	}
	while (ktime_get_ns() < ns)
		cpu_relax();
}

static int transfer(struct spi_controller *controller, struct spi_device *device, struct spi_transfer *t)
{
	u32 hz = min(t->speed_hz ?: max_hz, max_hz);
	u64 start = ktime_get_ns();
	unsigned long flags;

	if (pace)
		wait_until(start + DIV_ROUND_UP_ULL((u64)t->len * 8 * NSEC_PER_SEC, hz));
	t->effective_speed_hz = hz;
	if (t->rx_buf)
		memset(t->rx_buf, 0, t->len);
	if (t->tx_buf) {
		spin_lock_irqsave(&lock, flags);
		note(TRANSFER, device->chip_select, line_get(&lines, data_command), t->tx_buf, t->len);
		spin_unlock_irqrestore(&lock, flags);
		wake_up_interruptible(&filled);
	}
	return 0;
}

/* Chip select is told with each transfer. */
static void select_chip(struct spi_device *device, bool level)
{
}

static ssize_t log_read(struct file *file, char __user *to, size_t len, loff_t *offset)
{
	size_t at;
	u64 end;

	while ((end = READ_ONCE(head)) == tail) {
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		if (wait_event_interruptible(filled, READ_ONCE(head) != tail))
			return -ERESTARTSYS;
	}
	at = tail % LOG_BYTES;
	len = min3(len, (size_t)(end - tail), (size_t)(LOG_BYTES - at));
	/* What lies between tail and end stays as it is until tail moves. */
	if (copy_to_user(to, ring + at, len))
		return -EFAULT;
	spin_lock_irq(&lock);
	tail += len;
	spin_unlock_irq(&lock);
	return len;
}

static __poll_t log_poll(struct file *file, poll_table *table)
{
	poll_wait(file, &filled, table);
	return READ_ONCE(head) != tail ? EPOLLIN | EPOLLRDNORM : 0;
}

static const struct file_operations log_operations = {
	.owner = THIS_MODULE, .read = log_read, .poll = log_poll, .llseek = no_llseek,
};

static struct miscdevice log_device = {
	.minor = MISC_DYNAMIC_MINOR, .name = "loopboard", .fops = &log_operations,
};

static int __init board_add_bus(void)
{
	/* "bk4" is one of the few names spidev binds to by itself. */
	struct spi_board_info slot = { .modalias = "bk4", .max_speed_hz = 125000000 };
	int error;

	bus = spi_alloc_master(&board->dev, 0);
	if (!bus)
		return -ENOMEM;
	bus->bus_num = 0;
	bus->num_chipselect = 2;
	bus->bits_per_word_mask = SPI_BPW_MASK(8);
	bus->mode_bits = SPI_MODE_X_MASK | SPI_CS_HIGH;
	bus->transfer_one = transfer;
	bus->set_cs = select_chip;
	error = spi_register_controller(bus);
	if (error) {
		spi_controller_put(bus);
		return error;
	}
	if (spi_new_device(bus, &slot))
		return 0;
	spi_unregister_controller(bus);
	return -ENODEV;
}

static int __init board_init(void)
{
	int error = -ENOMEM;

	if (data_command >= LINES || !max_hz)
		return -EINVAL;
	ring = vzalloc(LOG_BYTES);
	if (!ring)
		return error;
	board = platform_device_register_simple("loopboard", PLATFORM_DEVID_NONE, NULL, 0);
	error = PTR_ERR_OR_ZERO(board);
	if (error)
		goto free_ring;
	lines.label = label;
	lines.parent = &board->dev;
	error = gpiochip_add_data(&lines, NULL);
	if (error)
		goto remove_board;
	error = misc_register(&log_device);
	if (error)
		goto remove_lines;
	error = board_add_bus();
	if (!error)
		return 0;
	misc_deregister(&log_device);
remove_lines:
	gpiochip_remove(&lines);
remove_board:
	platform_device_unregister(board);
free_ring:
	vfree(ring);
	return error;
}
module_init(board_init);

static void __exit board_exit(void)
{
	spi_unregister_controller(bus);
	misc_deregister(&log_device);
	gpiochip_remove(&lines);
	platform_device_unregister(board);
	vfree(ring);
}
module_exit(board_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Pretend board that writes down its SPI and GPIO traffic");
