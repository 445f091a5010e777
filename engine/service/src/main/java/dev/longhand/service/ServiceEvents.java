package dev.longhand.service;

import jdk.jfr.Category;
import jdk.jfr.DataAmount;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;
import jdk.jfr.StackTrace;
import jdk.jfr.Timespan;

/** What a service tells the JDK's flight recorder. The requests' texts are never part of it. */
final class ServiceEvents {
    private ServiceEvents() {}

    /** A request has a place in the queue. */
    @Name("dev.longhand.RequestAdmitted")
    @Label("Request admitted")
    @Category("Longhand")
    @StackTrace(false)
    static final class RequestAdmitted extends Event {
        long id;
        String model = "";
        int promptTokens;
    }

    /** The first token of a request was read. */
    @Name("dev.longhand.FirstToken")
    @Label("First token")
    @Category("Longhand")
    @StackTrace(false)
    static final class FirstToken extends Event {
        long id;

        @Timespan(Timespan.NANOSECONDS)
        long sinceRequest;
    }

    /** A request has ended. */
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

    /** An adapter was loaded for a client; its duration is that of the loading. */
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
