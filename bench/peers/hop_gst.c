/* SPDX-License-Identifier: MIT */
/*
 * hop_gst N [1]: ns per buffer of 8 bytes from a GStreamer source over two queues, with an element that
 * does nothing between them, to a sink: three threads.  Debian packages: libgstreamer1.0-dev.
 */
#include <gst/gst.h>

#include "bench.h"

int main(int argc, char **argv)
{
    if (argc < 2)
        return 2;
    unsigned long count = strtoul(argv[1], NULL, 0);
    char text[256];

    gst_init(NULL, NULL);
    (void)snprintf(
        text, sizeof(text),
        "fakesrc num-buffers=%lu sizetype=fixed sizemax=8 ! queue ! identity silent=true ! "
        "queue ! fakesink sync=false silent=true",
        count);
    GstElement *pipeline = gst_parse_launch(text, NULL);
    if (!pipeline)
        return 1;
    double start = now_s();
    gst_element_set_state(pipeline, GST_STATE_PLAYING);
    GstBus *bus = gst_element_get_bus(pipeline);
    GstMessage *last = gst_bus_timed_pop_filtered(bus, GST_CLOCK_TIME_NONE,
                                                  GST_MESSAGE_EOS | GST_MESSAGE_ERROR);
    int failed = GST_MESSAGE_TYPE(last) != GST_MESSAGE_EOS;

    gst_message_unref(last);
    gst_element_set_state(pipeline, GST_STATE_NULL);
    printf("%.3f\n", (now_s() - start) * 1e9 / (double)count);
    gst_object_unref(bus);
    gst_object_unref(pipeline);
    return failed;
}
