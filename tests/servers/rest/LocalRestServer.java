// SPDX-License-Identifier: Apache-2.0
//
// Starts the reference implementation of the Iceberg REST catalog on the loopback address; its own main class
// listens on every interface. In this package because the classes it puts together are not public.
// Arguments: PORT SQLITE_FILE WAREHOUSE
package org.apache.iceberg.rest;

import java.net.InetSocketAddress;
import java.util.Map;
import org.apache.hadoop.conf.Configuration;
import org.apache.iceberg.CatalogUtil;
import org.eclipse.jetty.ee10.servlet.ServletContextHandler;
import org.eclipse.jetty.ee10.servlet.ServletHolder;
import org.eclipse.jetty.server.Server;

public final class LocalRestServer {
  private LocalRestServer() {}

  public static void main(String[] arguments) throws Exception {
    Map<String, String> properties =
        Map.of(
            "catalog-impl", "org.apache.iceberg.jdbc.JdbcCatalog",
            "uri", "jdbc:sqlite:file:" + arguments[1],
            "jdbc.schema-version", "V1",
            "warehouse", arguments[2]);
    var catalog = CatalogUtil.buildIcebergCatalog("backend", properties, new Configuration());
    var adapter =
        new RESTServerCatalogAdapter(new RESTCatalogServer.CatalogContext(catalog, properties));
    var routes = new ServletContextHandler();
    routes.addServlet(new ServletHolder(new RESTCatalogServlet(adapter)), "/*");
    var server = new Server(new InetSocketAddress("127.0.0.1", Integer.parseInt(arguments[0])));
    server.setHandler(routes);
    server.start();
    server.join();
  }
}
