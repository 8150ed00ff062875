using System.Net;
using Polly;
using Polly.Retry;

namespace Winnow.Client;

/// <summary>Which requests are repeated, and when: those that met a lost connection, a timeout or a busy server, later and later.</summary>
internal static class Retries
{
    private static readonly TimeSpan LongestDelay = TimeSpan.FromSeconds(30);
    private static readonly ResiliencePropertyKey<string> Request = new("winnow.request");

    /// <summary>The rule. What is repeated is told to <see cref="WinnowClientOptions.OnRetry"/> before the pause.</summary>
    public static ResiliencePipeline<HttpResponseMessage> Make(WinnowClientOptions options)
    {
        if (options.RetryAttempts == 0) return ResiliencePipeline<HttpResponseMessage>.Empty;
        var oneServer = options.FurtherAddresses.Count == 0;
        return new ResiliencePipelineBuilder<HttpResponseMessage> { TimeProvider = options.TimeProvider }
            .AddRetry(new RetryStrategyOptions<HttpResponseMessage>
            {
                MaxRetryAttempts = options.RetryAttempts,
                Delay = options.RetryDelay,
                MaxDelay = LongestDelay,
                BackoffType = DelayBackoffType.Exponential,
                UseJitter = true,
                ShouldHandle = outcome => ValueTask.FromResult(outcome.Outcome switch
                {
                    // Another server of the cluster may be set up better.
                    { Exception: HttpRequestException problem } => !(oneServer && Unreachable.IsLasting(problem)),
                    { Exception: TimeoutException or IOException } => true,
                    { Result: { } answer } => IsBusy(answer.StatusCode),
                    _ => false,
                }),
                DelayGenerator = static outcome => ValueTask.FromResult(outcome.Outcome.Result?.Headers.RetryAfter?.Delta is { } wait
                    ? wait < LongestDelay ? wait : LongestDelay
                    : (TimeSpan?)null),
                OnRetry = outcome => TellAsync(options, outcome),
            })
            .Build();
    }

    /// <summary>
    /// Sends until an answer is one to go by, or there are no attempts left; then the last answer, or what came in its place.
    /// </summary>
    public static async Task<HttpResponseMessage> SendAsync<TState>(
        this ResiliencePipeline<HttpResponseMessage> retries,
        string request,
        Func<TState, CancellationToken, ValueTask<HttpResponseMessage>> attempt,
        TState state,
        CancellationToken cancellationToken)
    {
        var context = ResilienceContextPool.Shared.Get(cancellationToken);
        context.Properties.Set(Request, request);
        try
        {
            return await retries.ExecuteAsync(
                static async (c, call) => await call.Attempt(call.State, c.CancellationToken), context, (Attempt: attempt, State: state));
        }
        finally
        {
            ResilienceContextPool.Shared.Return(context);
        }
    }

    /// <summary>Whether another server of the cluster may answer better.</summary>
    public static bool IsAway(HttpStatusCode status) =>
        status is HttpStatusCode.BadGateway or HttpStatusCode.ServiceUnavailable or HttpStatusCode.GatewayTimeout;

    private static bool IsBusy(HttpStatusCode status) =>
        status is HttpStatusCode.RequestTimeout or HttpStatusCode.TooManyRequests || IsAway(status);

    private static async ValueTask TellAsync(WinnowClientOptions options, OnRetryArguments<HttpResponseMessage> repeated)
    {
        using var answer = repeated.Outcome.Result;
        if (options.OnRetry is not { } tell) return;
        var reason = answer is null
            ? repeated.Outcome.Exception!.Message
            : (await Answers.ProblemOfAsync(answer, repeated.Context.CancellationToken)).Message;
        var request = repeated.Context.Properties.GetValue(Request, "");
        tell(new RetryNotice(request, reason, repeated.AttemptNumber + 1, options.RetryAttempts, repeated.RetryDelay));
    }
}
