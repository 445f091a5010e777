package dev.longhand.service;

/**
 * What a server needs to know to parse a request.
 *
 * @param limits limits on clients
 * @param dialect how to treat fields that cannot change an answer
 * @param tokens the size of the vocabulary
 */
public record RequestRules(ServiceLimits limits, Dialect dialect, int tokens) {
    /** Returns the rules of a server of a service. */
    public static RequestRules of(Service service, ServiceLimits limits, ClientRules clients) {
        return new RequestRules(limits, clients.dialect(), service.engine().model().vocabSize());
    }
}
