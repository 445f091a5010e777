package dev.longhand.service;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** Flight Recorder events of a service. They never contain prompts or answers. */
final class ServiceEvents {
    private ServiceEvents() {}

    /** A request was accepted into the queue. */
    @Name("dev.longhand.RequestAdmitted")
    @Label("Request admitted")
    @Category("Longhand")
    @StackTrace(false)
    static final class RequestAdmitted extends Event {
        long id;
        String model = "";
        int promptTokens;
    }

    /** The first token of a generation was read. */
    @Name("dev.longhand.FirstToken")
    @Label("First token")
    @Category("Longhand")
    @StackTrace(false)
    static final class FirstToken extends Event {
        long id;

        @Timespan(Timespan.NANOSECONDS)
        long sinceRequest;
    }

    /** A generation has ended. */
    @Name("dev.longhand.RequestFinished")
    @Label("Request finished")
    @Category("Longhand")
    @StackTrace(false)
    static final class RequestFinished extends Event {
        long id;
        String model = "";
        String finish = "";
        int promptTokens;
        int outputTokens;

        @Timespan(Timespan.NANOSECONDS)
        long sinceRequest;
    }

    /** A client loaded an adapter; the duration is the loading time. */
    @Name("dev.longhand.AdapterLoaded")
    @Label("Adapter loaded")
    @Category("Longhand")
    @StackTrace(false)
    static final class AdapterLoaded extends Event {
        String name = "";
        String identity = "";

        @DataAmount long size;
    }
}
