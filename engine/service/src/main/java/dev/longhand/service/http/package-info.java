/** The HTTP face of a service, in the shapes of OpenAI's API and, where that has none, vLLM's. */
@NullMarked
package dev.longhand.service.http;

import org.jspecify.annotations.NullMarked;
