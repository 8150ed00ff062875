using System.Threading.RateLimiting;
using Microsoft.AspNetCore.Http;
using Winnow.Web.Security;

namespace Winnow.Web;

/// <summary>
/// Bounds the JSON bodies that are in memory at the same time, over all and per principal: what comes beyond the first 64 KiB of one is
/// counted as it is read, and given back when its request has ended. Images and backups are read in pieces and counted elsewhere.
/// </summary>
internal sealed class BodyMemory : IAsyncDisposable
{
    private const int Unit = 1 << 16;

    private readonly PartitionedRateLimiter<string> _all;

    public BodyMemory(RequestLimits limits)
    {
        var units = (int)(limits.BodyBytes / Unit);
        static PartitionedRateLimiter<string> Of(Func<string, string> partition, int permits) =>
            PartitionedRateLimiter.Create<string, string>(principal =>
            RateLimitPartition.GetConcurrencyLimiter(partition(principal),
                _ => new ConcurrencyLimiterOptions { PermitLimit = permits, QueueLimit = 0 }));
        // One principal gets half of it, so that nobody can use up what others need.
        _all = PartitionedRateLimiter.CreateChained(Of(principal => principal, units / 2), Of(_ => "", units));
    }

    public async Task InvokeAsync(HttpContext context, RequestDelegate next)
    {
        if (!context.Request.HasJsonContentType() || context.Request.ContentLength <= Unit)
        {
            await next(context);
            return;
        }
        await using var body =
            new CountedBody(context.Request.Body, _all, (context.User as CallerClaims)?.Caller.Principal?.ToString() ?? "");
        context.Request.Body = body;
        await next(context);
    }

    public ValueTask DisposeAsync() => _all.DisposeAsync();

    /// <summary>A body that asks for room before it is read any further.</summary>
    private sealed class CountedBody(Stream inner, PartitionedRateLimiter<string> room, string principal) : Stream
    {
        private readonly List<RateLimitLease> _held = [];
        private long _read;

        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => false;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
        {
            var read = await inner.ReadAsync(buffer, cancellationToken);
            _read += read;
            while (_read > (_held.Count + 1L) * Unit)
            {
                var lease = room.AttemptAcquire(principal);
                _held.Add(lease);
                if (lease.IsAcquired) continue;
                throw new BadHttpRequestException(
                    "This server holds as many bodies as it has memory for (Api:Limits:BodyBytes). Send this again in a moment, or send "
                    + "less at once.",
                    StatusCodes.Status503ServiceUnavailable);
            }
            return read;
        }

        public override Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
            ReadAsync(buffer.AsMemory(offset, count), cancellationToken).AsTask();

        public override int Read(byte[] buffer, int offset, int count) =>
            throw new NotSupportedException("Bodies are read asynchronously.");

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            foreach (var lease in _held) lease.Dispose();
            _held.Clear();
            base.Dispose(disposing);
        }
    }
}
